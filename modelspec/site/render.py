"""Templates and views to HTML. The templates are ours alone: no file of the repository is ever one."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from modelspec.site.frame import PageFrame


def render(template: str, frame: PageFrame, view: object) -> bytes:
    """One page; a template sees the `frame` of the site and the `view` of the page."""
    return _template(template).render(frame=frame, view=view).encode()


@cache
def _template(name: str) -> Template:
    return _environment().get_template(f"{name}.html.j2")


@cache
def _environment() -> Environment:
    # Escaping does not depend on the name of a template: `.j2` at the end would turn it off.
    return Environment(
        loader=PackageLoader("modelspec.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
