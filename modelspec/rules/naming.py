"""Names of models and of their files: `MS603`, `MS606`, `MS607`, `MS614`, `MS617` and `MS622`."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from itertools import chain, count

from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.rule import Finding, Scope, rule, stage_rule
from modelspec.fleet.model import Catalog, Fleet, Model, Signature, prefix_of
from modelspec.rules.examples import model
from modelspec.text.document import Place
from modelspec.text.portable import LONGEST, NUMBERED, is_portable, portable, source_name
from modelspec.text.quote import quote


@rule(
    "MS603",
    Severity.WARNING,
    Scope.CATALOG,
    bad=model("acme/atlas:8b", path="model1", name="Atlas", endpoint="https://atlas.example.com/v1"),
    good=model("acme/atlas:8b", path="acme/atlas_8b", name="Atlas", endpoint="https://atlas.example.com/v1"),
)
def file_name_follows_the_id(catalog: Catalog) -> Iterator[Finding]:
    """The name of a file does not match the id of its model.

    People look for a model by its name. A file is named after the id or its last part, with `_` for characters
    that file systems do not allow: `acme/atlas:8b` is in `atlas_8b.yaml` or in `acme_atlas_8b.yaml`, in any folder. A
    wildcard `acme/*` is in `acme.yaml` or `acme/any.yaml`, and `*` in `any.yaml`. Where another model has that name,
    `_2` follows it.

    Rename the file, or the folder whose name not every file system allows.
    """
    for signature, wanted in misnamed(catalog):
        if catalog.names[signature.model_id] is not signature:
            continue  # the id is another model's, which is reported
        message = (
            f"the file of {quote(signature.model_id)} is named {quote(signature.path.rpartition('/')[2])}"
        )
        help_ = f"rename the file to {(wanted or '').rpartition('/')[2]}"
        if wanted is None:
            message = f"not every file system allows the path {quote(signature.path)}"
            help_ = "rename its folder"
        yield Finding(
            place=Place(path=signature.path, pointer=("model_id",)),
            message=message,
            label="another name",
            help=help_,
            subject=signature.model_id,
        )


def misnamed(catalog: Catalog) -> Iterator[tuple[Signature, str | None]]:
    """Models whose files are not named after them, with the paths that they should have; None where a folder is odd."""
    stems = {path: _stem(path) for path in catalog.paths}
    taken = frozenset(stems.values())
    odd = not is_portable("/".join(catalog.paths))
    for signature in catalog.signatures:
        stem = stems[signature.path]
        folder, _, name = stem.rpartition("/")
        if not odd and name == signature.model_id.lower().rpartition("/")[2]:
            continue
        wanted = source_name(signature.model_id).lower()
        last = wanted.rpartition("/")[2]
        allowed = {last, wanted.replace("/", "_"), wanted.replace("/", "-")}
        if prefix_of(signature.model_id) is not None:
            allowed |= {"any"}
        first = NUMBERED.sub("", name)
        is_named = name in allowed or (first in allowed and f"{folder}/{first}" in taken)
        if is_named and (not odd or is_portable(signature.path)):
            continue
        name = f"{_free(last, folder, taken - {stem})}.yaml"
        yield signature, None if is_named else f"{signature.path.rpartition('/')[0]}/{name}"


def _free(name: str, folder: str, taken: AbstractSet[str]) -> str:
    names = chain([name], (f"{name}_{number}" for number in count(2)))
    return next(each for each in names if f"{folder}/{each}" not in taken)


def _stem(path: str) -> str:
    """The path without its ending, ignoring case."""
    return path.removesuffix(".yaml").removesuffix(".yml").lower()


@rule(
    "MS606",
    Severity.ERROR,
    Scope.MODEL,
    bad=model("index", endpoint="https://atlas.example.com/v1"),
    good=model("index-1", name="Index", endpoint="https://atlas.example.com/v1"),
)
def ids_are_not_reserved(model: Model, fleet: Fleet) -> Iterator[Finding]:  # noqa: ARG001
    """An id is a page of the site.

    The build writes a page for each id. The site needs `index` and `page/…` for its own pages.

    Choose another id.
    """
    wanted = model.model_id.lower()
    if wanted == "index" or wanted.startswith("page/"):
        yield Finding(
            place=Place(path=model.path, pointer=("model_id",)),
            message=f"the id {quote(model.model_id)} is a page of the site",
            label="reserved",
            help="choose another id",
        )


_SHORT = LONGEST // len("=3a") - len(".json")
"""An id of so many characters needs no name that is too long, whatever is in it."""


@rule("MS617", Severity.ERROR, Scope.MODEL)
def file_names_are_short(model: Model, fleet: Fleet) -> Iterator[Finding]:  # noqa: ARG001
    """An id needs a file name of more than 200 bytes.

    The build writes files for each id, with three bytes for a character that not every file system allows: `:` is
    `=3a`. File systems and archives end at 255 bytes, of which tools take some.

    Choose a shorter id, or one with fewer `:`.
    """
    if len(model.model_id) <= _SHORT:
        return
    longest = max(map(len, portable(f"{model.model_id}.json").split("/")))
    if longest > LONGEST:
        yield Finding(
            place=Place(path=model.path, pointer=("model_id",)),
            message=f"the id {quote(model.model_id)} needs a file name of {longest} bytes, at most {LONGEST}",
            label="too long as a file name",
            help="choose a shorter id, or one with fewer ':'",
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


@rule(
    "MS622",
    Severity.WARNING,
    Scope.MODEL,
    bad=model(tags="[chat europe]"),
    good=model(tags="[chat, europe]"),
)
def tags_are_words(model: Model, fleet: Fleet) -> Iterator[Finding]:  # noqa: ARG001 - the signature of its scope
    """A tag contains a space.

    `[chat europe]` is one tag, not two: a comma is missing. Filters, and `list --tag`, look for whole tags.

    Put a comma between the tags, or a hyphen into one.
    """
    for position, tag in enumerate(model.tags):
        if tag.split()[1:]:
            yield Finding(
                place=Place(path=model.path, pointer=("tags", position)),
                message=f"{quote(tag)} is one tag with a space in it",
                label="one tag",
                help="put a comma between the tags, or a hyphen into the tag",
            )


_LOOKS_LIKE_A_MODEL = stage_rule(
    "MS614",
    "A file looks like configuration and is not read.",
    """
    `models.d/atlas.yaml.txt`, `models/atlas.yaml`, `heads.yaml.bak`, or a model at the root of the repository: whoever
    wrote it may believe that it is in force. Only files in `models.d` that end in `.yaml` or `.yml` are models.

    Move or rename it, or delete it. Where it is meant to be there, turn this rule off in `modelspec.yaml`.
    """,
    bad=model() + "# file: models.d/bison.yaml.txt\nmodel_id: bison",
    good=model(),
    severity=Severity.INFO,
)

RULES = (
    file_name_follows_the_id,
    ids_are_not_reserved,
    file_names_are_short,
    pages_do_not_collide,
    tags_are_words,
    _LOOKS_LIKE_A_MODEL,
)
