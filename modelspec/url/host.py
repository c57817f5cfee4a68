"""Hosts as people and attackers write them, what stands behind each, and who owns it."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote

from modelspec.url.address import AddressKind, canonical, ipv4_kind, ipv4_readings, ipv6_address, ipv6_kind

_PREFIX = "xn--"
_TOGETHER = (
    # UTS 39, 5.2 "Highly Restrictive": the scripts that one language writes side by side.
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "IDEOGRAPHIC"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
)
_LOOKALIKES = frozenset(
    "\u0430\u0441\u0501\u0435\u04bb\u0456\u0458\u04cf\u043e\u0440\u051b\u0455\u051d\u0445\u0443\u044a\u044c"
    "\u04bd\u043f\u0433\u0475\u0461\u043a\u043c\u0442\u043d\u0432\u0437"  # Cyrillic
    "\u03b1\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u03c9\u03b3\u03b7\u03c7\u03c3\u03f2\u03f3"  # Greek
    "\u0561\u0566\u0570\u0578\u057d\u0581\u0585\u0563\u0578\u056f"  # Armenian
    "0123456789-"
)
"""Letters that look like Latin ones (Unicode's confusables.txt), with what every script may use."""
_IGNORED_WORDS = frozenset({"COMBINING", "DIGIT", "MIDDLE", "HYPHEN-MINUS"})


def misleads(host: str) -> bool:
    """Whether a punycode label of a lower-case host is invalid, mixes scripts or is a whole look-alike."""
    return any(_label_misleads(label) for label in host.split(".") if label.startswith(_PREFIX))


def _label_misleads(label: str) -> bool:
    # Only a repository with such a host pays for this import.
    import idna

    try:
        text = idna.ulabel(label)
        if idna.alabel(text) != label.encode():
            return True
    except UnicodeError:  # which idna's own errors are
        return True
    return _mixes_scripts(text) or _LOOKALIKES.issuperset(text)


def _mixes_scripts(text: str) -> bool:
    """Scripts by the first word of each character's name: the standard library has no script property."""
    words = {unicodedata.name(c, "UNNAMED").split()[0] for c in text} - _IGNORED_WORDS
    return len(words) > 1 and not any(words <= together for together in _TOGETHER)


_METADATA_NAMES = frozenset(
    {
        "metadata.google.internal",  # Google Cloud, "About VM metadata"; the next two lead to the same server
        "metadata.goog",
        "metadata",
        "instance-data",  # EC2's own resolver
        "instance-data.ec2.internal",
        "metadata.tencentyun.com",  # Tencent Cloud CVM, "Viewing instance metadata"
        "metadata.azure.internal",  # resolved inside Azure virtual networks
    }
)
_EC2_SUFFIX = ".compute.internal"
_LOOPBACK_NAMES = frozenset(
    {
        "localhost",  # RFC 6761, 6.3; the others stand in /etc/hosts of Debian, Red Hat and Alpine
        "localhost.localdomain",
        "localhost4",
        "localhost4.localdomain4",
        "localhost6",
        "localhost6.localdomain6",
        "ip6-localhost",
        "ip6-loopback",
        "loopback",
    }
)
_LOOPBACK_ZONES = frozenset(
    {"localtest.me", "lvh.me", "vcap.me", "lacolhost.com", "localho.st", "lndo.site", "ddev.site", "fuf.me"}
)
"""Public domains whose every name resolves to 127.0.0.1."""
_WILDCARD_ZONES = frozenset({"nip.io", "sslip.io", "xip.io", "traefik.me", "backname.io"})
"""Public domains whose names resolve to the address that they spell; see nip.io and sslip.io."""
_PRIVATE_SUFFIXES = (".internal", ".local", ".svc", ".cluster.local", ".home.arpa", ".lan")
"""ICANN's reserved `.internal`; RFC 6762; Kubernetes' service names; RFC 8375; `.lan` of home routers."""

SPECIAL_TAILS = frozenset(
    {".".join(name.split(".")[-2:]) for name in _METADATA_NAMES}
    | _LOOPBACK_ZONES
    | _WILDCARD_ZONES
    | {"compute.internal", "localhost.localdomain"}
)
"""The last two labels of every dotted name above; beside these only `.localhost` is special."""
PRIVATE_ENDS = frozenset(suffix.rpartition(".")[2] for suffix in _PRIVATE_SUFFIXES if suffix.count(".") == 1)

_QUAD = re.compile(r"(?<![0-9])([0-9]{1,3})[.-]([0-9]{1,3})[.-]([0-9]{1,3})[.-]([0-9]{1,3})(?![0-9])")
_HEX = re.compile(r"(?<![0-9a-z])([0-9a-f]{8})(?![0-9a-z])")
_DASHED_IPV6 = re.compile(r"[0-9a-f-]{2,39}+")
_NO_DOMAIN = re.compile(r"(?!xn--)(?=[a-z]*+[0-9_-])[a-z0-9_-]++", re.ASCII)
_NUMERIC = re.compile(r"[0-9]++|0x[0-9a-f]*+")
_END = re.compile(r"[\s\x00-\x1f/\\?#]")
_DOTS = str.maketrans("\u3002\uff0e\uff61", "...")
_ROUNDS = 3
"""How often a host is percent-decoded: once by the standard, more by proxies in a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What stands at a host: `name` is its one spelling, `plain` says that it was written so, but for case."""

    kind: AddressKind
    name: str
    plain: bool


def standing(host: str) -> Standing | None:
    """Judge one host, with or without brackets; None where it is neither an address nor a name.

    A name whose last label is a number is none: the WHATWG URL standard ("ends in a number"), RFC 1123, 2.1.
    """
    name = host.lower().removesuffix(".")
    if name.startswith("["):
        return _of_ipv6(name.strip("[]"))
    if readings := ipv4_readings(name):
        value = max(readings, key=ipv4_kind)
        spelt = canonical(value, version=4)
        return Standing(kind=ipv4_kind(value), name=spelt, plain=host == spelt)
    if not name or _NUMERIC.fullmatch(name.rpartition(".")[2]):
        return None
    return Standing(kind=_kind_of_name(name), name=name, plain=not host.endswith("."))


def disguises(host: str) -> Iterator[str]:
    """What a host becomes in programs that decode, map or trim it; the host itself comes first.

    The mapping is that of UTS 46 as far as it can lead to ASCII: compatibility forms, ideographic dots and
    ignored characters. Each character is mapped alone, which keeps the time linear.
    """
    yield host
    for _ in range(_ROUNDS):
        mapped = "".join(_mapped(c) for c in unquote(host)) if not host.isascii() or "%" in host else host
        mapped = mapped.lower().translate(_DOTS)
        mapped = _END.split(mapped.lstrip(), maxsplit=1)[0]
        if mapped == host:
            return
        yield mapped
        host = mapped


def is_private_name(name: str) -> bool:
    """Whether a name is looked up inside a network: one label, one of the private suffixes, or no domain at all.

    Every top-level domain is of letters, or punycode (RFC 3696, 2), so that a container's `llama-3.2-1b` is not public.
    """
    last = name.rpartition(".")[2]
    return last == name or name.endswith(_PRIVATE_SUFFIXES) or bool(_NO_DOMAIN.fullmatch(last))


@lru_cache(maxsize=1024)
def is_private_host(host: str) -> bool:
    """Whether a host, as `host_of` gives it, is the caller itself or stands in its network."""
    place = standing(host if ":" not in host else f"[{host}]")
    return place is not None and place.kind not in (AddressKind.PUBLIC, AddressKind.UNUSABLE)


def is_wildcard(name: str) -> bool:
    """Whether a name spells its address: it is asked of public servers, whatever the address."""
    return _tail(name) in _WILDCARD_ZONES


def _of_ipv6(text: str) -> Standing | None:
    value = ipv6_address(text)
    if value is None:
        return None
    return Standing(kind=ipv6_kind(value), name=canonical(value, version=6), plain="%" not in text)


def _mapped(character: str) -> str:
    if character.isascii():
        return "" if character in "\t\r\n" else character
    category = unicodedata.category(character)
    if category in {"Cf", "Mn", "Me"}:
        return ""
    return unicodedata.normalize("NFKC", character)


def _kind_of_name(name: str) -> AddressKind:
    tail = _tail(name)
    if name in _METADATA_NAMES or (name.startswith("instance-data.") and name.endswith(_EC2_SUFFIX)):
        return AddressKind.METADATA
    if name in _LOOPBACK_NAMES or name.endswith(".localhost") or tail in _LOOPBACK_ZONES:
        return AddressKind.LOOPBACK
    if tail in _WILDCARD_ZONES:
        return max(_kinds_spelt(name.removesuffix(tail).removesuffix(".")), default=AddressKind.PUBLIC)
    return AddressKind.PRIVATE if is_private_name(name) else AddressKind.PUBLIC


def _tail(name: str) -> str:
    return ".".join(name.rsplit(".", 2)[-2:])


def _kinds_spelt(name: str) -> Iterator[AddressKind]:
    """The kinds of the addresses in a name of a wildcard zone."""
    yield AddressKind.PUBLIC
    for parts in _QUAD.findall(name):
        for value in ipv4_readings(".".join(str(int(part)) for part in parts)):
            yield ipv4_kind(value)
    for digits in _HEX.findall(name):
        yield ipv4_kind(int(digits, 16))
    for label in name.split("."):
        if _DASHED_IPV6.fullmatch(label):
            address = ipv6_address(label.replace("-", ":"))
            if address is not None:
                yield ipv6_kind(address)


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
inference.ai.azure.com
  https://learn.microsoft.com/en-us/azure/ai-foundry/foundry-models/concepts/endpoints
inference.ml.azure.com
  https://learn.microsoft.com/en-us/azure/machine-learning/concept-endpoints-online
cloudapp.azure.com
  https://learn.microsoft.com/en-us/azure/virtual-machines/create-fqdn
azurefd.net
  https://learn.microsoft.com/en-us/azure/frontdoor/endpoint
azurecontainerapps.io
  https://learn.microsoft.com/en-us/azure/container-apps/ingress-overview
elb.*.amazonaws.com
  https://docs.aws.amazon.com/elasticloadbalancing/latest/network/network-load-balancers.html
gateway.bedrock-agentcore.*.amazonaws.com
  https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway.html
vpce.amazonaws.com
  https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html
prediction.vertexai.goog
  https://cloud.google.com/vertex-ai/docs/predictions/choose-endpoint-type
cloud.databricks.com
  https://docs.databricks.com/aws/en/workspace/workspace-details
databricksapps.com
  https://docs.databricks.com/aws/en/dev-tools/databricks-apps/
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
fcapp.run
  https://www.alibabacloud.com/help/en/functioncompute/fc-3-0/user-guide/http-triggers-overview
apigw.tencentcs.com
  https://www.tencentcloud.com/document/product/628
apigateway-*.volceapi.com
  https://www.volcengine.com/docs/6569
containers.yandexcloud.net
  https://yandex.cloud/en/docs/serverless-containers/operations/invoke
apigw.yandexcloud.net
  https://yandex.cloud/en/docs/api-gateway/concepts/
containers.fnc.*.scw.cloud
  https://www.scaleway.com/en/docs/serverless-containers/
ifr.fr-par.scaleway.com
  https://www.scaleway.com/en/docs/managed-inference/
app.*.ai.cloud.ovh.net
  https://support.us.ovhcloud.com/hc/en-us/categories/AI-Deploy
oci.customer-oci.com
  https://docs.oracle.com/en-us/iaas/Content/data-science/using/model-dep-invoke.htm
appdomain.cloud
  https://cloud.ibm.com/docs/codeengine
agents.do-ai.run
  https://docs.digitalocean.com/products/gradient-ai-platform/how-to/use-agents/
api.baseten.co
  https://docs.baseten.co/inference/calling-your-model
app.beam.cloud
  https://docs.beam.cloud/v2/endpoint/overview
litng.ai
  https://lightning.ai/docs/overview/studios
modal.host
  https://modal.com/docs/guide/tunnels
modal.run
  https://modal.com/docs/guide/webhook-urls
proxy.runpod.net
  https://docs.runpod.io/pods/configuration/expose-ports
api.runpod.ai
  https://docs.runpod.io/serverless/load-balancing/overview
s.anyscaleuserdata.com
  https://docs.anyscale.com/services/
bentoml.ai
  https://docs.bentoml.com/en/latest/scale-with-bentocloud/deployment/call-deployment-endpoints.html
openshiftapps.com
  https://docs.redhat.com/en/documentation/red_hat_openshift_service_on_aws/4
devtunnels.ms
  https://learn.microsoft.com/en-us/azure/developer/dev-tunnels/overview
app.github.dev
  https://docs.github.com/en/codespaces/developing-in-a-codespace/forwarding-ports-in-your-codespace
loca.lt
  https://github.com/localtunnel/localtunnel
koyeb.app
  https://www.koyeb.com/docs/run-and-scale/domains
invocation.api.nvcf.nvidia.com
  https://docs.nvidia.com/cloud-functions/user-guide/latest/
palantirfoundry.com
  https://www.palantir.com/docs/foundry/
"""
"""Domains below which each host is a tenant's own and that the public suffix list does not know, with their sources.

`*` stands for one label or a part of one, as a region is.
"""

_TENANT_ZONES = tuple(f".{line}" for line in _TENANTS.split() if "://" not in line and "*" not in line)
_TENANT_FORMS = re.compile(
    "|".join(
        r".+\." + re.escape(line).replace(r"\*", "[a-z0-9-]+")
        for line in _TENANTS.split()
        if "://" not in line and "*" in line
    )
)

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
    if host.endswith(_TENANT_ZONES) or is_wildcard(host) or _TENANT_FORMS.fullmatch(host):
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
