"""Every file of a new repository, by its path."""

from importlib.resources import files as resources

from modelspec import __version__
from modelspec.author.init.fleet import heads_yaml, models, regions_yaml, tests_yaml
from modelspec.author.init.forge import FORGES, Forge
from modelspec.author.init.start import Start
from modelspec.author.schemas import schema_line

NO_FORGE = "none"

_RESOURCES = resources("modelspec.init") / "files"


def files(start: Start) -> dict[str, str]:
    """The files and their text, in the order in which one would read them; all but the schemas for editors."""
    configuration = {
        "regions.yaml": regions_yaml(start),
        "heads.yaml": heads_yaml(start),
        **models(start),
        "routes.test.yaml": tests_yaml(start),
        "modelspec.yaml": _resource("modelspec.yaml").replace("@FORGE@", _forge_name(start)),
        "waivers.yaml": _resource("waivers.yaml"),
    }
    filled = {
        "README.md": _resource("README.md"),
        **{path: f"{schema_line(path)}\n{text}" for path, text in configuration.items()},
        ".gitignore": _resource("gitignore"),
    }
    if start.forge != NO_FORGE:
        forge = FORGES[start.forge]
        filled[forge.pipeline] = _resource(forge.resource)
        filled[forge.owners] = _owners(start, forge)
    return filled


def _forge_name(start: Start) -> str:
    return "github" if start.forge == NO_FORGE else start.forge


def _owners(start: Start, forge: Forge) -> str:
    text = _resource("codeowners").replace("@CI_PATHS@", "\n".join(f"{path} @OWNER@" for path in forge.owned))
    if start.forge == "gitea":
        # Gitea matches expressions against paths without a leading slash.
        lines = (_as_expression(line) if line.startswith("/") else line for line in text.splitlines())
        text = "\n".join(lines) + "\n"
    return text.replace("@OWNER@", start.owner)


def _as_expression(line: str) -> str:
    path, owner = line.split(" ")
    expression = path.removeprefix("/").replace(".", r"\.")
    return f"{expression}{'.*' if path.endswith('/') else ''} {owner}"


def _resource(name: str) -> str:
    return (_RESOURCES / name).read_text(encoding="utf-8").replace("@VERSION@", __version__)
