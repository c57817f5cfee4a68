"""Who owns a host: the domain that one organisation registered, or its part of a domain that others share."""

import re
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

_LIST = "public_suffix_list.dat"
"""The public suffix list, its private part included, as the package publicsuffixlist bundles it. The package's own
reader takes 0.15 s to load it; only which lines there are is needed here."""

_TENANTS = """
openai.azure.com
  https://learn.microsoft.com/en-us/azure/ai-services/cognitive-services-custom-subdomains
openai.azure.us
  https://learn.microsoft.com/en-us/azure/azure-government/compare-azure-government-global-azure
openai.azure.cn
  https://learn.microsoft.com/en-us/azure/china/resources-developer-guide
cognitiveservices.azure.com
  https://learn.microsoft.com/en-us/azure/ai-services/cognitive-services-custom-subdomains
cognitiveservices.azure.us
  https://learn.microsoft.com/en-us/azure/azure-government/compare-azure-government-global-azure
cognitiveservices.azure.cn
  https://learn.microsoft.com/en-us/azure/china/resources-developer-guide
services.ai.azure.com
  https://learn.microsoft.com/en-us/azure/ai-foundry/foundry-models/concepts/endpoints
models.ai.azure.com
  https://learn.microsoft.com/en-us/azure/ai-foundry/foundry-models/concepts/endpoints
inference.ml.azure.com
  https://learn.microsoft.com/en-us/azure/machine-learning/concept-endpoints-online
cloudapp.azure.com
  https://learn.microsoft.com/en-us/azure/virtual-machines/create-fqdn
azurecontainerapps.io
  https://learn.microsoft.com/en-us/azure/container-apps/ingress-overview
vpce.amazonaws.com
  https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html
prediction.vertexai.goog
  https://cloud.google.com/vertex-ai/docs/predictions/choose-endpoint-type
cloud.databricks.com
  https://docs.databricks.com/aws/en/workspace/workspace-details
gcp.databricks.com
  https://docs.databricks.com/gcp/en/workspace/workspace-details
azuredatabricks.net
  https://learn.microsoft.com/en-us/azure/databricks/workspace/workspace-details
snowflakecomputing.com
  https://docs.snowflake.com/en/user-guide/organizations-connect
snowflakecomputing.cn
  https://docs.snowflake.com/en/user-guide/organizations-connect
endpoints.huggingface.cloud
  https://huggingface.co/docs/inference-endpoints/index
maas.aliyuncs.com
  https://www.alibabacloud.com/help/en/model-studio/base-url
pai-eas.aliyuncs.com
  https://www.alibabacloud.com/help/en/pai/user-guide/call-a-service-over-a-vpc-direct-connection
ifr.fr-par.scaleway.com
  https://www.scaleway.com/en/docs/managed-inference/
app.gra.ai.cloud.ovh.net
  https://support.us.ovhcloud.com/hc/en-us/categories/AI-Deploy
oci.customer-oci.com
  https://docs.oracle.com/en-us/iaas/Content/data-science/using/model-dep-invoke.htm
appdomain.cloud
  https://cloud.ibm.com/docs/codeengine
agents.do-ai.run
  https://docs.digitalocean.com/products/gradient-ai-platform/how-to/use-agents/
api.baseten.co
  https://docs.baseten.co/inference/calling-your-model
modal.run
  https://modal.com/docs/guide/webhook-urls
proxy.runpod.net
  https://docs.runpod.io/pods/configuration/expose-ports
koyeb.app
  https://www.koyeb.com/docs/run-and-scale/domains
invocation.api.nvcf.nvidia.com
  https://docs.nvidia.com/cloud-functions/user-guide/latest/
palantirfoundry.com
  https://www.palantir.com/docs/foundry/
"""
"""Domains below which each host is a tenant's own and that the public suffix list does not know, with their sources."""

_TENANT_ZONES = tuple(f".{line}" for line in _TENANTS.split() if "://" not in line)

_SERVICES = (
    (  # https://docs.aws.amazon.com/general/latest/gr/bedrock.html and gr/sagemaker.html
        "amazonaws.com",
        re.compile(
            r"(?:runtime\.|api\.)?(?:bedrock|sagemaker)[a-z0-9-]*\.[a-z]{2,4}(?:-[a-z]+)+-[0-9]\.(?:amazonaws\.com|api\.aws)"
        ),
    ),
    (  # https://cloud.google.com/vertex-ai/docs/general/locations, https://ai.google.dev/api
        "googleapis.com",
        re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+\.rep)?\.googleapis\.com"),
    ),
    (  # https://www.alibabacloud.com/help/en/model-studio/token-plan
        "aliyuncs.com",
        re.compile(r"(?:token|coding)-plan\.[a-z0-9-]+\.maas\.aliyuncs\.com"),
    ),
)
"""Hosts of the clouds' own services that one account calls in several regions."""


@lru_cache(maxsize=1024)
def owner_of(host: str) -> str:
    """What tells owners apart, of a host as `host_of` gives it; addresses and single labels are their own."""
    if ":" in host or "." not in host or host.replace(".", "").isdigit():
        return host
    for owner, form in _SERVICES:
        if form.fullmatch(host):
            return owner
    if host.endswith(_TENANT_ZONES):
        return host
    suffixes = _suffixes()
    labels = host.split(".")
    read = [_as_listed(label) for label in labels]
    for start in range(len(labels)):
        name, parent = ".".join(read[start:]), ".".join(read[start + 1 :])
        if f"!{name}" in suffixes:
            return ".".join(labels[start:])
        if name in suffixes or f"*.{parent}" in suffixes:
            return ".".join(labels[max(start - 1, 0) :])
    return ".".join(labels[-2:])


def _as_listed(label: str) -> str:
    """The list is in Unicode."""
    try:
        return label[4:].encode().decode("punycode") if label.startswith("xn--") else label
    except UnicodeError:
        return label


@cache
def _suffixes() -> frozenset[str]:
    """The rules of the list, its comments among them, which no host is equal to."""
    package = find_spec("publicsuffixlist")
    assert package is not None
    assert package.origin is not None, "a dependency"
    return frozenset(Path(package.origin).with_name(_LIST).read_text("utf-8").splitlines())
