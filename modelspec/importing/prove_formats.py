"""What `--prove` prints: differences only, by rank, equal ones as one line with a count and a few places."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from modelspec import __version__
from modelspec.gateways.litellm.ask import LITELLM_VERSION
from modelspec.importing.proof import Proof, ProofRank, ProvenDifference
from modelspec.report.contract import one_a_line
from modelspec.report.printable import as_written, printable
from modelspec.text.markdown import escaped
from modelspec.text.quote import counted

_PLACES = 3
_Groups = Mapping[ProofRank, Mapping[str, Sequence[ProvenDifference]]]


def grouped(proof: Proof) -> _Groups:
    """Differences by rank, then by their words, in their order."""
    groups: dict[ProofRank, dict[str, list[ProvenDifference]]] = defaultdict(lambda: defaultdict(list))
    for one in proof.differences:
        groups[one.rank][one.what].append(one)
    return groups


def _headline(proof: Proof) -> str:
    silent = f"; for {proof.silent}, LiteLLM sends nothing on either side" if proof.silent else ""
    found = counted(len(proof.differences), "difference")
    same = f"{proof.equal} of {counted(proof.deployments, 'deployment')}"
    return f"{same} in {printable(proof.source)} send the same request to the same place{silent}; {found}"


def _places(found: Sequence[ProvenDifference]) -> str:
    shown = [
        f"{one.spot.path}:{one.spot.line}" + (f" '{one.name}'" if one.name else "") for one in found[:_PLACES]
    ]
    more = [f"{len(found) - _PLACES} more"] if len(found) > _PLACES else []
    return ", ".join([*map(printable, shown), *more])


def text(proof: Proof) -> Iterator[str]:
    """A headline, then the differences by rank, the worst first."""
    yield f"{_headline(proof)}\n"
    for rank, groups in grouped(proof).items():
        yield f"\n{rank}\n"
        for what, found in groups.items():
            yield f"  {len(found)}: {printable(what)} ({_places(found)})\n"


def markdown(proof: Proof) -> Iterator[str]:
    """The same as a document, with a table for each rank."""
    yield f"# LiteLLM before and after the import\n\n{escaped(_headline(proof))}.\n"
    for rank, groups in grouped(proof).items():
        yield f"\n## {rank.capitalize()}\n\n| count | difference | places |\n|---|---|---|\n"
        for what, found in groups.items():
            yield f"| {len(found)} | {escaped(printable(what))} | {escaped(_places(found))} |\n"


SCHEMA_VERSION = 1
_encode = json.JSONEncoder().encode


def as_json(proof: Proof) -> Iterator[str]:
    """One object, with every difference: `schemas/proof.schema.json`."""
    fields: Mapping[str, object] = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "modelspec", "version": __version__},
        "litellm": LITELLM_VERSION,
        "source": as_written(proof.source),
        "safe": proof.is_safe,
        "deployments": proof.deployments,
        "equal": proof.equal,
        "silent": proof.silent,
    }
    yield "{\n" + "".join(f"{_encode(name)}: {_encode(value)},\n" for name, value in fields.items())
    yield '"differences": ['
    yield from one_a_line(
        _encode(
            {
                "rank": one.rank.value,
                "what": printable(one.what),
                "name": printable(one.name),
                "source": as_written(one.spot.path),
                "line": one.spot.line,
            }
        )
        for one in proof.differences
    )
    yield "\n}\n"


PROOFS: Mapping[str, Callable[[Proof], Iterator[str]]] = MappingProxyType(
    {"text": text, "markdown": markdown, "json": as_json}
)
"""What `--format` may name with `--prove`."""
