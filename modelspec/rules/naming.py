"""Names of models and of their files: `MS603`, `MS606` and `MS607`."""

import re
from collections.abc import Iterator

from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.rule import Finding, Scope, rule
from modelspec.fleet.model import Catalog, Fleet, Model
from modelspec.rules.examples import model
from modelspec.text.document import Place
from modelspec.text.quote import quote

_ODD_LETTERS = re.compile(r"[^A-Za-z0-9._@~+/-]")
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
)
"""Names that Windows keeps for devices, with or without an extension:
https://learn.microsoft.com/windows/win32/fileio/naming-a-file."""


@rule(
    "MS603",
    Severity.WARNING,
    Scope.MODEL,
    bad=model("acme/atlas:8b", path="model1", name="Atlas", endpoint="https://atlas.example.com/v1"),
    good=model("acme/atlas:8b", path="acme/atlas_8b", name="Atlas", endpoint="https://atlas.example.com/v1"),
)
def file_name_follows_the_id(model: Model, fleet: Fleet) -> Iterator[Finding]:  # noqa: ARG001
    """The name of a file does not match the id of its model.

    People look for a model by its name. A file is named after the id or its last part, with `_` for characters
    that file systems do not allow: `acme/atlas:8b` is in `atlas_8b.yaml` or in `acme_atlas_8b.yaml`, in any folder. A
    wildcard `acme/*` is in `acme.yaml` or `acme/any.yaml`.

    Rename the file.
    """
    stem = model.path.removesuffix(".yaml").removesuffix(".yml").rpartition("/")[2].lower()
    if model.model_id.lower() == stem:
        return
    wanted = _ODD_LETTERS.sub("_", model.model_id.removesuffix("/*")).lower()
    last = wanted.rpartition("/")[2]
    allowed = {last, wanted.replace("/", "_"), wanted.replace("/", "-")}
    if model.model_id.endswith("/*"):
        allowed |= {"any"}
    if stem not in allowed:
        yield Finding(
            place=Place(path=model.path, pointer=("model_id",)),
            message=f"the file of {quote(model.model_id)} is named {quote(model.path.rpartition('/')[2])}",
            label="another name",
            help=f"rename the file to {last}.yaml",
        )


@rule(
    "MS606",
    Severity.ERROR,
    Scope.MODEL,
    bad=model("con", endpoint="https://atlas.example.com/v1"),
    good=model("con-1", name="Con", endpoint="https://atlas.example.com/v1"),
)
def ids_are_not_reserved(model: Model, fleet: Fleet) -> Iterator[Finding]:  # noqa: ARG001
    """An id contains a name that Windows or the site reserves.

    The build writes a file for each id. Windows reserves `con`, `nul`, `com1` and others for devices; the site reserves
    `index` and `page/…` for its own pages.

    Choose another id.
    """
    parts = model.model_id.lower().split("/")
    device = next((part for part in parts if part.partition(".")[0] in _DEVICES), None)
    if device is None and parts[0] != "page" and parts != ["index"]:
        return
    if device is None:
        message = f"the id {quote(model.model_id)} is a page of the site"
    else:
        message = (
            f"the id {quote(model.model_id)} contains {quote(device)}, which Windows reserves for a device"
        )
    yield Finding(
        place=Place(path=model.path, pointer=("model_id",)),
        message=message,
        label="reserved",
        help="choose another id",
    )


@rule(
    "MS607",
    Severity.ERROR,
    Scope.CATALOG,
    bad=model()
    + model("atlas.json/bison", path="bison", name="Bison", endpoint="https://bison.example.com/v1"),
    good=model() + model("atlas/bison", path="bison", name="Bison", endpoint="https://bison.example.com/v1"),
)
def pages_do_not_collide(catalog: Catalog) -> Iterator[Finding]:
    """An id needs a folder where another model has a page.

    The pages of `atlas` are the files `atlas.json` and `atlas.html`; an id `atlas.json/bison` would need a folder
    of the same name.

    Choose another id.
    """
    files: dict[str, str] | None = None
    for signature in catalog.signatures:
        if ".json/" not in signature.model_id.lower() and ".html/" not in signature.model_id.lower():
            continue
        if files is None:
            files = {s.model_id.lower(): s.path for s in catalog.signatures}
        parts = signature.model_id.lower().split("/")
        for end in range(1, len(parts)):
            folder = "/".join(parts[:end])
            owner = files.get(folder.removesuffix(".json").removesuffix(".html"))
            if folder.endswith((".json", ".html")) and owner is not None:
                yield Finding(
                    place=Place(path=signature.path, pointer=("model_id",)),
                    message=f"the id {quote(signature.model_id)} needs a folder where another model has a file",
                    label="collides",
                    help="choose another id",
                    related=((Place(path=owner, pointer=("model_id",)), "the other model"),),
                    subject=signature.model_id,
                )


RULES = (
    file_name_follows_the_id,
    ids_are_not_reserved,
    pages_do_not_collide,
)
