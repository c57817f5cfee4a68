"""What a model of the catalogue inherits: `base_model` from a lab, `extends` from another provider."""

from collections.abc import Iterable, Mapping

from modelspec.importing.modelsdev.catalogue import Checkout, Table

_LONGEST_CHAIN = 16
_OWN = frozenset({"base_model", "base_model_omit", "extends"})


def resolved(checkout: Checkout, path: str) -> Table | str:
    """A model with all that it inherits, or why there is none. Tables merge; anything else replaces."""
    return _resolved(checkout, path, ())


def _resolved(checkout: Checkout, path: str, chain: tuple[str, ...]) -> Table | str:
    if path in chain or len(chain) == _LONGEST_CHAIN:
        return "it inherits from itself, or by too long a chain"
    entry = checkout.entry(path)
    if entry.fault:
        return f"{path}: {entry.fault}" if chain else entry.fault
    parent, omitted = _parent(entry.table)
    own = {key: value for key, value in entry.table.items() if key not in _OWN}
    if parent is None:
        return own
    base = _resolved(checkout, parent, (*chain, path))
    if isinstance(base, str):
        return f"it inherits from {parent}, which cannot be read: {base}"[:500]
    return _merged(_without(base, omitted), own)


def _parent(table: Table) -> tuple[str | None, Iterable[str]]:
    base, extends = table.get("base_model"), table.get("extends")
    if isinstance(base, str):
        return f"models/{base}.toml", _texts(table.get("base_model_omit"))
    if isinstance(extends, Mapping) and isinstance(extends.get("from"), str):
        provider, _, model = str(extends["from"]).partition("/")
        return f"providers/{provider}/models/{model}.toml", _texts(extends.get("omit"))
    return None, ()


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _without(table: Table, omitted: Iterable[str]) -> Table:
    """A table less some of its parts, which are named by dotted paths."""
    for path in omitted:
        table = _less(table, path.split("."))
    return table


def _less(table: Table, way: list[str]) -> Table:
    first, *rest = way
    inner = table.get(first)
    if rest and isinstance(inner, Mapping):
        return {**table, first: _less(inner, rest)}
    return {key: value for key, value in table.items() if key != first or rest}


def _merged(base: Table, own: Table) -> Table:
    merged = dict(base)
    for key, value in own.items():
        before = merged.get(key)
        both = isinstance(before, Mapping) and isinstance(value, Mapping)
        merged[key] = _merged(before, value) if both else value  # type: ignore[arg-type]  # both are mappings
    return merged
