"""What the rules about LiteLLM are about: the deployments of a model, where LiteLLM is a target at all."""

from modelspec.catalog import Deployment, Fleet, Model, Place
from modelspec.litellm import FORMS

TARGET = "# file: modelspec.yaml\ntargets: [litellm]\n"
ATLAS = """\
# file: models.d/atlas.yaml
model_id: atlas
name: Atlas
region: eu
priority_head: head-eu-1
fallback_heads: [head-uk-1]
"""
OPEN = TARGET + ATLAS + "endpoint: https://api.atlas.example/v1\n"


def deployments_of(model: Model, fleet: Fleet, *, known: bool = True) -> list[Deployment]:
    """Those whose provider LiteLLM is given a way to, or those of the others; none where LiteLLM is no target."""
    if "litellm" not in fleet.targets:
        return []
    return [deployment for deployment in model.deployments if (deployment.provider in FORMS) is known]


def place_in(model: Model, deployment: Deployment, *pointer: str | int) -> Place:
    """Where a deployment says something."""
    return Place(path=model.path, pointer=(*deployment.pointer, *pointer))
