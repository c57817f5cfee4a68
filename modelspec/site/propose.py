"""The form that proposes a change: what its page prints, and what its script must know."""

from collections.abc import Iterator
from dataclasses import dataclass

from modelspec.emit.artifact import Artifact, encode
from modelspec.fleet.providers import PROVIDERS
from modelspec.routing.table import RoutingTable
from modelspec.rules.serving import REGION_PARAMS
from modelspec.site.context import SiteContext
from modelspec.site.forges import LONGEST_LINK, browser_templates, forge_of, links_for
from modelspec.site.frame import PageFrame
from modelspec.site.propose_words import TEXTS, forms, keys, unseen
from modelspec.site.render import render
from modelspec.site.wording import Wording
from modelspec.url.host import PRIVATE_ENDS

_DATA = "admin/propose.json"

_UNNAMED_FORGE = "the forge"
_EXAMPLE = """\
model_id: {model_id}
name: Mistral 7B
region: {region}
priority_head: {head}
endpoint: https://api.mistral.ai/v1
provider: mistral
api_key: {{env: MISTRAL_API_KEY}}
tags: [chat]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormOption:
    """A choice of a list; `region` is set for heads."""

    value: str
    label: str
    region: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeView:
    """The page of the form.

    `data` and `models` are addresses for the script. Without JavaScript a reader gets `example` to write by hand
    and, where the forge is known, `new_file` to begin with.
    """

    regions: tuple[FormOption, ...]
    heads: tuple[FormOption, ...]
    providers: tuple[str, ...]
    data: str
    models: str
    forge: str
    new_file: str | None
    example: str
    example_path: str


def emit_propose(
    routing: RoutingTable, context: SiteContext, frame: PageFrame, names: Wording
) -> Iterator[Artifact]:
    """The page and the data of its script."""
    page = render("propose", frame, view_of(routing, context, names))
    yield Artifact(path="site/admin/propose.html", content=page)
    yield Artifact(path=f"site/{_DATA}", content=data_of(routing, context))


def view_of(routing: RoutingTable, context: SiteContext, names: Wording) -> ProposeView:
    """What the page prints."""
    example_path = "models.d/my-model.yaml"
    pages = links_for(context.repository, example_path)
    first = routing.heads[0]
    return ProposeView(
        regions=tuple(FormOption(value=code, label=title) for code, title in names.region_titles.items()),
        heads=tuple(
            FormOption(value=head, label=title, region=names.region_of[head])
            for head, title in names.head_titles.items()
        ),
        providers=tuple(sorted({*PROVIDERS, *(t.provider for r in routing.routes for t in r.targets)})),
        data=f"{context.base_path}{_DATA}",
        models=f"{context.base_path}admin/models/",
        forge=_forge_label(context),
        new_file=pages.new if pages else None,
        example=_EXAMPLE.format(model_id="my-model", region=first.region, head=first.head_id),
        example_path=example_path,
    )


def data_of(routing: RoutingTable, context: SiteContext) -> bytes:
    """The JSON that the script checks a model against: names, residency, texts, and the forge's addresses."""
    names = [name for r in routing.routes for name in (r.model_id, *r.aliases)]
    value = {
        "names": names,
        "regions": {
            region.code: {"title": f"{region.name} ({region.code})", "residency": region.residency}
            for region in routing.regions
        },
        "heads": {
            head.head_id: {
                "region": head.region,
                "status": head.status,
                "inference_url": head.inference_url,
            }
            for head in routing.heads
        },
        "providers": {name: provider.public_endpoint for name, provider in PROVIDERS.items()},
        "region_params": REGION_PARAMS,
        "private_ends": [*sorted(PRIVATE_ENDS), "home.arpa"],
        "texts": dict(TEXTS),
        "forms": forms(),
        "keys": list(keys()),
        "unseen": unseen(),
        "forge": {
            "label": _forge_label(context),
            "longest": LONGEST_LINK,
            **browser_templates(context.repository),
        },
    }
    return f"{encode(value)}\n".encode()


def _forge_label(context: SiteContext) -> str:
    forge = None if context.repository is None else forge_of(context.repository)
    return _UNNAMED_FORGE if forge is None else forge.label
