"""`modelspec import litellm --prove`: what the real LiteLLM does with the original and with what we emit, compared.

Only models, router settings and fallbacks reach LiteLLM. Every key and variable is replaced by a stand-in before, so no
secret is in the other process, and "the same key" means: of the same variable, or of the same literal.
"""

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.refusal import Refusal
from modelspec.gateways import GatewayOptions
from modelspec.gateways.litellm.ask import Answer, ask
from modelspec.gateways.litellm.emit import emit
from modelspec.gateways.litellm.names import NO_KEY
from modelspec.importing.draft import ImportRequest, Ledger
from modelspec.importing.litellm.config import Config, read_config
from modelspec.importing.litellm.values import is_dummy, is_key
from modelspec.importing.proof import (
    Proof,
    ProofRank,
    ProvenDifference,
    comparable,
    differing,
    distance,
    in_order,
    short,
)
from modelspec.importing.repository import tree_with
from modelspec.importing.run import ImportOutcome
from modelspec.incremental import compile_tree
from modelspec.load.foreign import Foreign
from modelspec.pipeline import Compiled
from modelspec.routing.table import RoutingTable
from modelspec.secret import steers_process, telling_key
from modelspec.text.source import START, Spot

_VARIABLE = re.compile("os[.]environ/([A-Za-z_][A-Za-z0-9_]*)")
_KEY = re.compile("key|credential", re.IGNORECASE)
_URLS = frozenset({"api_base", "base_url", "aws_bedrock_runtime_endpoint", "aws_sts_endpoint"})
_NUMBER = re.compile("^(rpm|tpm|weight|order|.*timeout|max_.*|num_.*|temperature)$")
_STAND_IN = re.compile("stand-in-([vl])-([0-9]+)-end", re.IGNORECASE)
_TOLERANCE = 0.05
"""Of a share that 1,000 draws estimate: three standard deviations at one half."""
_SECTIONS = ("router_settings", "litellm_settings")
_CHECK = "enforce_model_rate_limits"


@dataclass(slots=True, kw_only=True)
class _StandIns:
    """Texts in place of variables and literal keys, distinct and without meaning; `public` values stay."""

    public: frozenset[str] = frozenset()
    variables: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    literals: dict[str, str] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)

    def _of_variable(self, name: str, param: str, *, secret: bool) -> None:
        label = f"stand-in-v-{len(self.variables)}-end"
        label = self.variables.setdefault(name, label)
        if secret or param in _URLS:
            self.keys.add(label)
        if param in _URLS:
            value = f"https://{label}.invalid"
        elif param == "model":
            value = f"openai/{label}"
        else:
            value = "7" if _NUMBER.search(param) else label
        self.environment.setdefault(name, value)

    def sealed(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """A configuration without its literal keys; its variables are noted. Names of models tell no secret."""
        models = [
            {**one, "litellm_params": self._replaced(one["litellm_params"], "")}
            for one in config["model_list"]
        ]
        for name in _SECTIONS:
            self._replaced(config.get(name), "")
        return {**config, "model_list": models}

    def _replaced(self, value: object, param: str, *, secret: bool = False) -> object:
        secret = secret or telling_key(param) or bool(_KEY.search(param))
        match value:
            case dict():
                return {
                    str(name): self._replaced(one, str(name), secret=secret) for name, one in value.items()
                }
            case list():
                return [self._replaced(one, param, secret=secret) for one in value]
            case str() if variable := _VARIABLE.fullmatch(value):
                if not steers_process(variable[1]):
                    self._of_variable(variable[1], param, secret=secret)
            case str() if value in self.public:
                return value
            case str() if secret and (value == NO_KEY or is_dummy(value)):
                return NO_KEY if value and param == "api_key" else value
            case str() if secret or is_key(value):
                label = self.literals.setdefault(value, f"stand-in-l-{len(self.literals)}-end")
                return f"https://{label}.invalid" if param in _URLS else label
        return value

    def named(self, value: Any, literals: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
        """A value of an answer with names for stand-ins; `literals` maps those of variables to those of keys."""
        names = {label: name for name, label in self.variables.items()}

        def name(found: re.Match[str]) -> str:
            label = found[0].lower()
            label = literals.get(label, label)
            return f"${names[label]}" if label in names else f"literal key {int(label.split('-')[3]) + 1}"

        return json.loads(_STAND_IN.sub(name, json.dumps(value)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _ImportPair:
    """What LiteLLM is asked about: two configurations with the same stand-ins."""

    outcome: ImportOutcome
    spots: Sequence[Spot]
    places: Mapping[str, Spot]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    stand_ins: _StandIns
    own: frozenset[str]
    """Variables of the original."""

    @property
    def question(self) -> Mapping[str, object]:
        return {"variables": self.stand_ins.environment, "configs": [self.before, self.after]}


def prove(
    imports: Sequence[tuple[ImportRequest, ImportOutcome]], python: str, today: date
) -> list[Proof] | Refusal:
    """Compare the source of each import with what is emitted from its result, by one LiteLLM for all."""
    pairs = []
    for request, outcome in imports:
        pair = _pair(request, outcome, today)
        if isinstance(pair, Refusal):
            return pair
        pairs.append(pair)
    count = sum(len(pair.spots) + len(pair.after["model_list"]) for pair in pairs)
    answers = ask(python, [pair.question for pair in pairs], count)
    if isinstance(answers, Refusal):
        return answers
    return [_ProofComparison(pair, *answer).proof() for pair, answer in zip(pairs, answers, strict=True)]


def _pair(request: ImportRequest, outcome: ImportOutcome, today: date) -> _ImportPair | Refusal:
    config = read_config(request.source, Ledger())
    if isinstance(config, Refusal):
        return config
    emitted = _emitted(outcome, today)
    if isinstance(emitted, Refusal):
        return emitted
    entries = [entry for entry in config.entries("model_list") if _name(entry) and _params(entry)]
    stand_ins = _StandIns(public=frozenset(outcome.variables.values()))
    before = stand_ins.sealed(_original(config, entries))
    own = frozenset(stand_ins.variables)
    # An operator sets them as the report says; they hold addresses and paths, which are no secrets.
    stand_ins.environment |= {name: value for name, value in outcome.variables.items() if name not in own}
    after = stand_ins.sealed(_numbered(emitted))
    spots = [entry.entries["model_name"].spot for entry in entries]
    places = {
        name: spot for entry, spot in reversed([*zip(entries, spots, strict=True)]) for name in [_name(entry)]
    }
    router = config.section("router_settings")
    aliases = router.entries.get("model_group_alias") if router else None
    places |= {name: node.spot for name, node in (aliases.entries if aliases else {}).items()}
    return _ImportPair(
        outcome=outcome, spots=spots, places=places, before=before, after=after, stand_ins=stand_ins, own=own
    )


def _emitted(outcome: ImportOutcome, today: date) -> Mapping[str, Any] | Refusal:
    """The configuration of the first head, without models that have faults: those are not built."""
    tree = tree_with(outcome.files, outcome.destination)
    compiled = compile_tree(tree, today=today, targets=["litellm"])
    faulty = {found.path for found in compiled.diagnostics if found.severity is Severity.ERROR}
    if faulty:
        sound = [file for file in tree.models if file.path not in faulty]
        compiled = compile_tree(replace(tree, models=sound), today=today, targets=["litellm"])
    if compiled.has_errors:
        return Refusal(
            message="the result has faults, so there is nothing to compare",
            help="run the import without --prove, and fix what it reports",
        )
    return _of_head(compiled, outcome.destination.heads[0])


def _of_head(compiled: Compiled, head: str) -> Mapping[str, Any]:
    options = GatewayOptions(
        options=compiled.setup.settings.target_options.get("litellm", {}),
        edges={},
        litellm=compiled.setup.litellm,
    )
    assert isinstance(compiled.table, RoutingTable)
    made = emit(compiled.table, options)
    text = next((one.content for one in made if one.path == f"gateways/litellm/{head}.yaml"), b"{}")
    config: dict[str, Any] = json.loads(text)
    return config


def _original(config: Config, entries: Sequence[Foreign]) -> Mapping[str, Any]:
    credentials = {
        str(_plain(item.entries["credential_name"])): _plain(item.entries["credential_values"])
        for item in config.entries("credential_list")
        if {"credential_name", "credential_values"} <= item.entries.keys()
    }
    models = []
    for entry in entries:
        params = dict(_params(entry))
        values = credentials.get(str(params.get("litellm_credential_name")))
        if isinstance(values, dict):
            del params["litellm_credential_name"]
            params = {**values, **params}
        info = entry.entries.get("model_info")
        models.append(
            {
                "model_name": _name(entry),
                "litellm_params": params,
                "model_info": (_plain(info) if info else None) or {},
            }
        )
    sections = {name: _plain(node) for name in _SECTIONS if (node := config.section(name)) is not None}
    return _numbered({"model_list": models, **sections})


def _numbered(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Only what LiteLLM is given, each deployment with its position as its id."""
    models = [
        {
            "model_name": one["model_name"],
            "litellm_params": one["litellm_params"],
            "model_info": {**(one.get("model_info") or {}), "id": str(position)},
        }
        for position, one in enumerate(config.get("model_list", ()))
    ]
    return {"model_list": models, **{name: config[name] for name in _SECTIONS if config.get(name)}}


def _plain(node: Foreign) -> Any:  # noqa: ANN401 - any value of YAML
    if isinstance(node.value, Mapping):
        return {name: _plain(one) for name, one in node.value.items()}
    if isinstance(node.value, tuple):
        return [_plain(one) for one in node.value]
    return node.value


def _name(entry: Foreign) -> str:
    node = entry.entries.get("model_name")
    return "" if node is None or node.value is None or node.entries or node.items else str(node.value)


def _params(entry: Foreign) -> Mapping[str, Any]:
    node = entry.entries.get("litellm_params")
    found = {} if node is None else {name: _plain(one) for name, one in node.entries.items()}
    return found if isinstance(found.get("model"), str) else {}


class _ProofComparison:
    """The two answers about one import."""

    def __init__(self, pair: _ImportPair, before: Answer, after: Answer) -> None:
        self._pair = pair
        self._found: list[ProvenDifference] = []
        self._before = pair.stand_ins.named(before, {})
        self._after = pair.stand_ins.named(after, _rotated(pair, before, after))
        self._equal = self._silent = 0
        self._settled: set[int] = set()

    def proof(self) -> Proof:
        spots = self._pair.spots
        for side, words in ((self._before, "the original"), (self._after, "the emitted configuration")):
            if "failed" in side:
                rank = ProofRank.BEHAVES if side is self._before else ProofRank.BREAKS
                self._add(rank, f"LiteLLM does not load {words}: {side['failed']}", "")
                break
        else:
            self._compare()
        return Proof(
            source=self._pair.outcome.source,
            deployments=len(spots),
            equal=self._equal,
            silent=self._silent,
            differing=self._differing(),
            differences=sorted(set(self._found), key=in_order),
        )

    def _differing(self) -> int:
        """The deployments that are not settled, and for which a difference is known."""
        told = {one.name for one in self._found}
        names = [one["model_name"] for one in self._pair.before["model_list"]]
        is_loaded = "failed" not in self._before | self._after
        return sum(
            at not in self._settled and (name in told or not is_loaded) for at, name in enumerate(names)
        )

    def _compare(self) -> None:
        used = {one["group"] for one in self._before["names"].values()}
        for name, one in self._before["names"].items():
            other = self._after["names"].get(name)
            if other is None:
                kind = "the name" if one["group"] == name else "the alias"
                self._add(ProofRank.ABSENT, f"{kind} is not there", name)
            elif one["group"] != other["group"]:
                self._add(ProofRank.ELSEWHERE, "the name stands for another model", name)
            else:
                self._compare_fallbacks(name, one["fallbacks"], other["fallbacks"])
            if other is not None and name in used:
                self._compare_group(name, one["turns"], other["turns"])
        for position, entry in enumerate(self._pair.before["model_list"]):
            name = entry["model_name"]
            if name not in used:
                self._add(
                    ProofRank.ABSENT, "a deployment is not called: its name is an alias", name, position
                )
        for setting, value in self._before["settings"].items():
            other = self._after["settings"][setting]
            if setting == "optional_pre_call_checks" and (_CHECK in (other or ())) > (
                _CHECK in (value or ())
            ):
                self._add(ProofRank.BREAKS, "limits become hard: calls above rpm and tpm are refused", "")
            elif value != other:
                self._add(ProofRank.BEHAVES, f"{setting}: {short(value)} → {short(other)}", "")

    def _compare_fallbacks(self, name: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> None:
        changed: dict[tuple[ProofRank, str], list[str]] = defaultdict(list)
        group = self._after["names"][self._after["names"][name]["group"]]["fallbacks"]
        for kind in filter(lambda kind: one[kind] != other[kind], one):
            if set(other[kind]) - set(one[kind]):
                is_shared = not one[kind] and other is not group and other[kind] == group[kind]
                words = "of an alias: those of its model" if is_shared else "to another model"
                changed[ProofRank.BEHAVES if is_shared else ProofRank.ELSEWHERE, words].append(kind)
            elif set(one[kind]) - set(other[kind]):
                changed[ProofRank.ABSENT, "to a model are missing"].append(kind)
            else:
                changed[ProofRank.BEHAVES, "in another order"].append(kind)
        for (rank, words), kinds in changed.items():
            self._add(rank, f"{'fallbacks' if len(kinds) == len(one) else ', '.join(kinds)} {words}", name)

    def _compare_group(self, name: str, before: list[Any], after: list[Any]) -> None:
        ours = _placed(self._before["deployments"], before, self._indexes("before", name))
        theirs = _placed(self._after["deployments"], after, self._indexes("after", name))
        waiting = list(theirs)
        rest = []
        for place, each in ours:
            same = [one for one in waiting if comparable(one[1]) == comparable(each)]
            twin = min(same, key=lambda one: one[0].apart(place), default=None)
            if twin is None:
                rest.append((place, each))
                continue
            waiting.remove(twin)
            self._settle(place, twin[0], name, same=True, silent="sent" not in each)
        for place, each in rest:
            if not waiting:
                self._add(ProofRank.ABSENT, "a deployment is not there", name, place.position)
                continue
            twin = min(waiting, key=lambda one: (distance(each, one[1]), one[0].apart(place)))
            waiting.remove(twin)
            for rank, what in differing(each, twin[1]):
                self._add(rank, what, name, place.position)
            self._settle(place, twin[0], name, same=False, silent=False)
        for _ in waiting:
            self._add(ProofRank.ELSEWHERE, "another deployment gets requests", name)

    def _indexes(self, side: str, name: str) -> list[int]:
        config = self._pair.before if side == "before" else self._pair.after
        return [at for at, one in enumerate(config["model_list"]) if one["model_name"] == name]

    def _settle(self, one: "_Share", other: "_Share", name: str, *, same: bool, silent: bool) -> None:
        if one.turn is not None and one.apart(other) > _TOLERANCE:
            self._add(ProofRank.BEHAVES, f"{one.words} → {other.words}", name, one.position)
        elif same:
            self._settled.add(one.position)
            self._equal += not silent
            self._silent += silent

    def _add(self, rank: ProofRank, what: str, name: str, position: int | None = None) -> None:
        start = Spot(self._pair.outcome.source, START)
        spot = self._pair.places.get(name, start) if position is None else self._pair.spots[position]
        self._found.append(ProvenDifference(rank=rank, what=what, spot=spot, name=name))


def _rotated(pair: _ImportPair, before: Answer, after: Answer) -> Mapping[str, str]:
    """Stand-ins of new variables, each with that of the literal key that it replaces.

    Those that make two requests of a model equal come first, then those at the same place of their model.
    """
    found: dict[str, str] = {}
    keys = pair.stand_ins.keys - {pair.stand_ins.variables[name] for name in pair.own}
    both = [(pair.before, before), (pair.after, after)]
    sides: list[dict[str, list[tuple[list[str], str]]]] = [defaultdict(list), defaultdict(list)]
    for side, (config, answer) in zip(sides, both, strict=True):
        for one, outcome in zip(config["model_list"], answer.get("deployments", ()), strict=False):
            text = json.dumps(outcome, sort_keys=True)
            labels = list(dict.fromkeys(hit[0].lower() for hit in _STAND_IN.finditer(text)))
            labels = [label for label in labels if ("-l-" in label if side is sides[0] else label in keys)]
            side[one["model_name"]].append((labels, text))
    for name, theirs in sides[1].items():
        ours = sides[0].get(name, [])
        twins = [(new, old) for new, text in theirs for old, other in ours if _masked(text) == _masked(other)]
        for new, old in [*twins, *((one[0], other[0]) for one, other in zip(theirs, ours, strict=False))]:
            if len(new) == len(old):
                for label, literal in zip(new, old, strict=True):
                    found.setdefault(label, literal)
    return found


def _masked(text: str) -> str:
    return _STAND_IN.sub("", text)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Share:
    """Where a deployment is in its group: it gets `share` of the requests when those of earlier turns fail."""

    position: int
    turn: int | None
    share: float

    def apart(self, other: "_Share") -> float:
        """0 for the same place, to 1 for another turn."""
        return abs(self.share - other.share) if self.turn == other.turn else 1.0

    @property
    def words(self) -> str:
        if self.turn is None:
            return "never drawn"
        when = f" of turn {self.turn + 1}" if self.turn else ""
        return f"about {round(self.share * 20) * 5} % of requests{when}"


def _placed(
    deployments: Sequence[Any], turns: Sequence[Mapping[str, float]], positions: Sequence[int]
) -> list[tuple[_Share, Any]]:
    found: list[tuple[_Share, Any]] = []
    for position in positions:
        turn = next((n for n, drawn in enumerate(turns) if str(position) in drawn), None)
        share = 0.0 if turn is None else turns[turn][str(position)]
        found.append((_Share(position=position, turn=turn, share=share), deployments[position]))
    return found
