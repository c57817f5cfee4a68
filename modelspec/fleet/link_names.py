"""Names across models: every one declared once, every reference declared."""

from collections.abc import Iterator
from unicodedata import normalize

from modelspec.diagnose.rule import Finding
from modelspec.fleet.model import Catalog, Signature
from modelspec.text.document import Place, Pointer
from modelspec.text.quote import quote


def link_catalog(catalog: Catalog) -> Iterator[tuple[str, Finding]]:
    """Unknown models, names declared twice, and file names that are one on some file systems."""
    yield from _repeated_names(catalog)
    yield from _repeated_paths(catalog)
    for signature in catalog.signatures:
        for name, pointer in signature.fallback_models:
            yield from _unknown_model(name, signature, pointer, catalog)
        if signature.replaced_by is not None:
            yield from _unknown_model(signature.replaced_by, signature, ("replaced_by",), catalog)


def _unknown_model(
    name: str, signature: Signature, pointer: Pointer, catalog: Catalog
) -> Iterator[tuple[str, Finding]]:
    if catalog.names.find(name) is not None or catalog.may_declare(name):
        return
    near = catalog.names.suggestions.nearest(name)
    owner = catalog.names.find(near) if near else None
    yield (
        "MS203",
        Finding(
            place=Place(path=signature.path, pointer=pointer),
            message=f"no model is named {quote(name)}",
            label="used here",
            help=f"did you mean {quote(near)}?" if near else "use the model_id or an alias of a model",
            related=(
                (Place(path=owner.path, pointer=("model_id",)), f"{quote(near or '')} is declared here"),
            )
            if owner
            else (),
            subject=signature.model_id,
        ),
    )


def _repeated_names(catalog: Catalog) -> Iterator[tuple[str, Finding]]:
    first: dict[str, tuple[str, Signature, Pointer]] = {}
    for signature in catalog.signatures:
        names: list[tuple[str, Pointer]] = [(signature.model_id, ("model_id",))]
        names.extend((alias, ("aliases", position)) for position, alias in enumerate(signature.aliases))
        for name, pointer in names:
            folded = name.lower()
            if folded not in first:
                first[folded] = (name, signature, pointer)
                continue
            earlier, owner, where = first[folded]
            how = (
                "a second time" if name == earlier else f"beside {quote(earlier)}, which differs by case only"
            )
            yield (
                "MS205",
                Finding(
                    place=Place(path=signature.path, pointer=pointer),
                    message=f"the name {quote(name)} is declared {how}",
                    label="again here",
                    help="ids and aliases share one namespace and must differ by more than case: rename one",
                    related=((Place(path=owner.path, pointer=where), "first here"),),
                    subject=signature.model_id,
                ),
            )


def _repeated_paths(catalog: Catalog) -> Iterator[tuple[str, Finding]]:
    first: dict[str, str] = {}
    for path in catalog.paths:
        earlier = first.setdefault(normalize("NFC", path).casefold(), path)
        if earlier != path:
            yield (
                "MS206",
                Finding(
                    place=Place(path=path),
                    message=f"the name of this file differs from {quote(earlier)} by case only",
                    help="rename one: on macOS and Windows they are the same file",
                    related=((Place(path=earlier), "the other file"),),
                    subject=path,
                ),
            )
