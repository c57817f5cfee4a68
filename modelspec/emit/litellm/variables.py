"""The environment variables that a head's LiteLLM reads."""

from collections.abc import Iterable, Iterator

from modelspec.emit.entry import SCHEMA_VERSION
from modelspec.emit.litellm.config import MASTER_KEY
from modelspec.emit.litellm.deployment import references, variable
from modelspec.emit.litellm.groups import Group
from modelspec.emit.text import document, encode
from modelspec.routing import Json


def variables(groups: Iterable[Group]) -> bytes:
    """Every variable with the reference that it stands for, in the order of the names.

    All of them must be set: LiteLLM passes over one that is missing and sends another key of its environment instead.
    """
    found = {MASTER_KEY: {"env": MASTER_KEY}, **dict(_named(groups))}
    rows = (encode({"name": name, "reference": found[name]}) for name in sorted(found))
    return document([SCHEMA_VERSION], [("variables", rows)])


def _named(groups: Iterable[Group]) -> Iterator[tuple[str, Json]]:
    for group in groups:
        for target in group.targets:
            yield from ((variable(reference), reference) for reference in references(target))
