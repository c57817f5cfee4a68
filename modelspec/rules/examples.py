"""The examples of the rules: a small fleet without faults, and models that stand in it."""

from collections.abc import Mapping
from textwrap import dedent


def model(model_id: str = "atlas", region: str = "us", path: str = "", **fields: str | None) -> str:
    """Return an example of one file: None leaves a field out, fields that are not among the usual ones follow them."""
    whole = {
        "model_id": model_id,
        "name": model_id.title(),
        "region": region,
        "priority_head": f"head-{region}-1",
        "fallback_heads": "[head-uk-1]",
        "endpoint": f"https://{model_id}.example.com/v1",
        **fields,
    }
    lines = (f"{name}: {value}\n" for name, value in whole.items() if value is not None)
    return f"# file: models.d/{path or model_id}.yaml\n{''.join(lines)}"


MODEL = model(region="eu")
"""A model without faults; examples add a line or change one."""

_BASE = """
# file: regions.yaml
regions:
  - {code: us, name: United States}
  - {code: eu, name: Europe, residency: [eu, uk], upstreams: {hosts: ["*.example.com", "*.example"]}}
  - {code: uk, name: United Kingdom}
  - {code: cn, name: China, residency: [cn]}
# file: heads.yaml
heads:
  - {head_id: head-eu-1, region: eu, url: https://head-eu-1.example.com}
  - {head_id: head-eu-2, region: eu, url: https://head-eu-2.example.com}
  - {head_id: head-uk-1, region: uk, url: https://head-uk-1.example.com}
  - {head_id: head-us-1, region: us, url: https://head-us-1.example.com}
  - {head_id: head-us-2, region: us, url: https://head-us-2.example.com}
  - {head_id: head-cn-1, region: cn, url: https://head-cn-1.example.com}
# file: models.d/zebra.yaml
model_id: zebra
name: Zebra
region: us
priority_head: head-us-1
fallback_heads: [head-us-2, head-eu-1, head-uk-1, head-eu-2, head-cn-1]
endpoint: https://zebra.example.com/v1
"""


def example_files(text: str) -> Mapping[str, str]:
    """The files of an example, those of the small fleet that it leaves alone included."""
    return {**own_files(_BASE), **own_files(text)}


def own_files(text: str) -> Mapping[str, str]:
    """The files that an example writes itself, by path."""
    files: dict[str, str] = {}
    for part in dedent(text).split("# file: ")[1:]:
        path, _, content = part.partition("\n")
        files[path.strip()] = content.rstrip("\n") + "\n"
    return files
