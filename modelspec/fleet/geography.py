"""Where clouds and providers answer, by what their own pages say: facts with a source for each row."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

ANYWHERE = frozenset({"*"})
"""The countries of what promises none: a global profile, a global endpoint."""

_ISO = """
ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bl bm bn bo bq br bs bt bv bw by bz
ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg eh er es et fi fj fk fm fo fr
ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo
jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mf mg mh mk ml mm mn mo mp mq mr
ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro
rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv
tw tz ua ug um us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw
"""
_EU = "at be bg cy cz de dk ee es fi fr gr hr hu ie it lt lu lv mt nl pl pt ro se si sk"

ISO = frozenset(_ISO.split())
"""ISO 3166-1 alpha-2, in lower case: https://www.iso.org/iso-3166-country-codes.html"""
EU = frozenset(_EU.split())
"""The 27 members: https://european-union.europa.eu/principles-countries-history/eu-countries_en"""
EEA = EU | {"is", "li", "no"}
"""https://www.efta.int/eea"""

_REGION_COUNTRIES = {"eu": EU, "eea": EEA, "uk": frozenset({"gb"})}


def countries_of_code(code: str) -> frozenset[str]:
    """The countries of a region that declares none: its code, where that is one."""
    return _REGION_COUNTRIES.get(code) or (frozenset({code}) if code in ISO else frozenset())


_CLOUDS = """
aws https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
us us-east-1 us-east-2 us-west-1 us-west-2 us-gov-east-1 us-gov-west-1
ca ca-central-1 ca-west-1
mx mx-central-1
br sa-east-1
de eu-central-1 eusc-de-east-1
ch eu-central-2
ie eu-west-1
gb eu-west-2
fr eu-west-3
se eu-north-1
it eu-south-1
es eu-south-2
il il-central-1
ae me-central-1
bh me-south-1
za af-south-1
hk ap-east-1
tw ap-east-2
jp ap-northeast-1 ap-northeast-3
kr ap-northeast-2
in ap-south-1 ap-south-2
sg ap-southeast-1
au ap-southeast-2 ap-southeast-4
id ap-southeast-3
my ap-southeast-5
nz ap-southeast-6
th ap-southeast-7
cn cn-north-1 cn-northwest-1
azure https://learn.microsoft.com/en-us/azure/reliability/regions-list
us eastus eastus2 eastus3 centralus northcentralus southcentralus westcentralus westus westus2 westus3
us usgovarizona usgovtexas usgovvirginia usdodcentral usdodeast
ca canadacentral canadaeast
mx mexicocentral
br brazilsouth brazilsoutheast
cl chilecentral
ie northeurope
nl westeurope
fr francecentral francesouth
de germanywestcentral germanynorth
no norwayeast norwaywest
se swedencentral swedensouth
ch switzerlandnorth switzerlandwest
gb uksouth ukwest
pl polandcentral
it italynorth
es spaincentral
at austriaeast
be belgiumcentral
dk denmarkeast
il israelcentral
ae uaenorth uaecentral
qa qatarcentral
za southafricanorth southafricawest
au australiaeast australiasoutheast australiacentral australiacentral2
nz newzealandnorth
hk eastasia
sg southeastasia
jp japaneast japanwest
kr koreacentral koreasouth
in centralindia southindia westindia jioindiawest jioindiacentral
id indonesiacentral
my malaysiawest
tw taiwannorth
cn chinaeast chinaeast2 chinaeast3 chinanorth chinanorth2 chinanorth3
gcp https://docs.cloud.google.com/compute/docs/regions-zones
us us-central1 us-east1 us-east4 us-east5 us-south1 us-west1 us-west2 us-west3 us-west4 us
ca northamerica-northeast1 northamerica-northeast2
mx northamerica-south1
br southamerica-east1
cl southamerica-west1
eu eu
be europe-west1
gb europe-west2
de europe-west3 europe-west10
nl europe-west4
ch europe-west6
it europe-west8 europe-west12
fr europe-west9
pl europe-central2
fi europe-north1
se europe-north2
es europe-southwest1
qa me-central1
sa me-central2
il me-west1
za africa-south1
tw asia-east1
hk asia-east2
jp asia-northeast1 asia-northeast2
kr asia-northeast3
in asia-south1 asia-south2
sg asia-southeast1
id asia-southeast2
th asia-southeast3
au australia-southeast1 australia-southeast2
* global
oci https://docs.oracle.com/en-us/iaas/Content/General/Concepts/regions.htm
us us-ashburn-1 us-chicago-1 us-phoenix-1 us-sanjose-1
ca ca-montreal-1 ca-toronto-1
mx mx-monterrey-1 mx-queretaro-1
br sa-saopaulo-1 sa-vinhedo-1
cl sa-santiago-1 sa-valparaiso-1
co sa-bogota-1
de eu-frankfurt-1
nl eu-amsterdam-1
fr eu-marseille-1 eu-paris-1
es eu-madrid-1 eu-madrid-3
it eu-milan-1 eu-turin-1
se eu-stockholm-1
ch eu-zurich-1
gb uk-cardiff-1 uk-london-1
ae me-abudhabi-1 me-dubai-1
sa me-jeddah-1 me-riyadh-1
il il-jerusalem-1
za af-johannesburg-1
au ap-melbourne-1 ap-sydney-1
in ap-hyderabad-1 ap-mumbai-1
jp ap-osaka-1 ap-tokyo-1
kr ap-chuncheon-1 ap-seoul-1
sg ap-singapore-1 ap-singapore-2
ibm https://cloud.ibm.com/docs/overview?topic=overview-locations
us us-south us-east
ca ca-tor ca-mon
br br-sao
de eu-de
es eu-es
gb eu-gb
jp jp-tok jp-osa
au au-syd
"""
"""A line with a URL begins a cloud; below it, a country and the regions there. `*` is anywhere, `eu` the 27."""

_PROFILES = """
us us
us-gov us
eu de es fr ie it se
apac au in jp kr sg
jp jp
au au
ca ca
global *
"""
"""
Prefixes of Bedrock's inference profiles, and the countries of their destination regions.
https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
"""

_HOSTS = """
bedrock-runtime.{aws}.amazonaws.com inside https://docs.aws.amazon.com/general/latest/gr/bedrock.html
bedrock-runtime-fips.{aws}.amazonaws.com inside https://docs.aws.amazon.com/general/latest/gr/bedrock.html
bedrock-runtime.{aws}.amazonaws.com.cn inside https://docs.aws.amazon.com/general/latest/gr/bedrock.html
bedrock-mantle.{aws}.api.aws inside https://docs.aws.amazon.com/general/latest/gr/bedrock.html
*.bedrock-runtime.{aws}.vpce.amazonaws.com inside https://docs.aws.amazon.com/bedrock/latest/userguide/vpc-interface-endpoints.html
runtime.sagemaker.{aws}.amazonaws.com inside https://docs.aws.amazon.com/general/latest/gr/sagemaker.html
*.{aws}.amazonaws.com - https://docs.aws.amazon.com/general/latest/gr/rande.html
*.{aws}.elb.amazonaws.com - https://docs.aws.amazon.com/general/latest/gr/elb.html
*.{aws}.vpce.amazonaws.com - https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html
*.{aws}.amazonaws.com.cn - https://docs.amazonaws.cn/en_us/aws/latest/userguide/endpoints-arns.html
*.{aws}.api.aws - https://docs.aws.amazon.com/general/latest/gr/rande.html
*.{aws}.on.aws - https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html
*.{aws}.awsapprunner.com - https://docs.aws.amazon.com/apprunner/latest/dg/manage-custom-domains.html
*.{aws}.aws.endpoints.huggingface.cloud inside https://huggingface.co/docs/inference-endpoints/guides/configuration
*.{azure}.azure.endpoints.huggingface.cloud inside https://huggingface.co/docs/inference-endpoints/guides/configuration
*.{gcp}.gcp.endpoints.huggingface.cloud inside https://huggingface.co/docs/inference-endpoints/guides/configuration
{azure}.api.cognitive.microsoft.com - https://learn.microsoft.com/en-us/azure/ai-foundry/foundry-models/concepts/deployment-types
*.{azure}.models.ai.azure.com - https://learn.microsoft.com/en-us/azure/ai-foundry/how-to/deploy-models-serverless-availability
*.{azure}.inference.ml.azure.com - https://learn.microsoft.com/en-us/azure/machine-learning/how-to-authenticate-online-endpoint
*.{azure}.cloudapp.azure.com - https://learn.microsoft.com/en-us/azure/virtual-network/ip-services/public-ip-addresses
*.{azure}.azurecontainerapps.io - https://learn.microsoft.com/en-us/azure/container-apps/custom-domains-certificates
*.openai.azure.us us inside https://learn.microsoft.com/en-us/azure/azure-government/compare-azure-government-global-azure
*.openai.azure.cn cn inside https://learn.microsoft.com/en-us/azure/china/resources-developer-guide
{gcp}-aiplatform.googleapis.com inside https://docs.cloud.google.com/vertex-ai/generative-ai/docs/learn/data-residency
aiplatform.{gcp}.rep.googleapis.com inside https://docs.cloud.google.com/vertex-ai/generative-ai/docs/learn/data-residency
aiplatform.googleapis.com * inside https://docs.cloud.google.com/vertex-ai/generative-ai/docs/learn/locations
*.{gcp}.run.app - https://docs.cloud.google.com/run/docs/triggering/https-request
inference.generativeai.{oci}.oci.oraclecloud.com inside https://docs.oracle.com/en-us/iaas/api/#/en/generative-ai-inference/latest/
*.{oci}.oci.oraclecloud.com - https://docs.oracle.com/en-us/iaas/Content/API/Concepts/apiref.htm
{ibm}.ml.cloud.ibm.com inside https://cloud.ibm.com/apidocs/watsonx-ai#endpoint-url
us.api.openai.com us inside https://developers.openai.com/api/docs/guides/your-data
eu.api.openai.com eea+ch inside https://help.openai.com/en/articles/10503543-data-residency-for-the-openai-api
gb.api.openai.com gb - https://developers.openai.com/api/docs/guides/your-data
ca.api.openai.com ca - https://developers.openai.com/api/docs/guides/your-data
au.api.openai.com au - https://developers.openai.com/api/docs/guides/your-data
jp.api.openai.com jp - https://developers.openai.com/api/docs/guides/your-data
kr.api.openai.com kr - https://developers.openai.com/api/docs/guides/your-data
in.api.openai.com in - https://developers.openai.com/api/docs/guides/your-data
sg.api.openai.com sg - https://developers.openai.com/api/docs/guides/your-data
ae.api.openai.com ae - https://developers.openai.com/api/docs/guides/your-data
{aws}.api.x.ai - https://docs.x.ai/developers/regions
api.mistral.ai eu inside https://help.mistral.ai/en/articles/347629-where-do-you-store-my-data-or-my-organization-s-data
api.deepseek.com cn inside https://cdn.deepseek.com/policies/en-US/deepseek-privacy-policy.html
api.moonshot.cn cn inside https://platform.moonshot.cn/docs/agreement/userprivacy
api.minimaxi.com cn inside https://platform.minimaxi.com/protocol/privacy-policy
open.bigmodel.cn cn inside https://docs.bigmodel.cn/cn/terms/privacy-policy
dashscope.aliyuncs.com cn inside https://www.alibabacloud.com/help/en/model-studio/regions
dashscope-us.aliyuncs.com us - https://www.alibabacloud.com/help/en/model-studio/regions
dashscope-intl.aliyuncs.com sg - https://www.alibabacloud.com/help/en/model-studio/regions
ark.cn-beijing.volces.com cn inside https://www.volcengine.com/docs/82379/1298459
qianfan.baidubce.com cn inside https://cloud.baidu.com/doc/qianfan-api/s/3m7of64lb
api.hunyuan.cloud.tencent.com cn inside https://cloud.tencent.com/document/product/1729/111007
api.siliconflow.cn cn inside https://docs.siliconflow.cn/cn/legals/privacy-policy
gigachat.devices.sberbank.ru ru inside https://developers.sber.ru/docs/ru/policies/privacy-policy
llm.api.cloud.yandex.net ru inside https://yandex.cloud/en/docs/overview/concepts/geo-scope
api.scaleway.ai fr inside https://www.scaleway.com/en/docs/generative-apis/reference-content/data-privacy/
*.ai.cloud.ovh.net fr inside https://help.ovhcloud.com/csm/en-public-cloud-ai-endpoints-faq
openai.inference.de-txl.ionos.com de inside https://docs.ionos.com/cloud/ai/ai-model-hub
api.openai-compat.model-serving.eu01.onstackit.cloud de inside https://docs.stackit.cloud/products/data-and-ai/ai-model-serving/
api.infomaniak.com ch inside https://www.infomaniak.com/en/hosting/ai-services
api.sarvam.ai in inside https://www.sarvam.ai/privacy-policy
chat.maritaca.ai br inside https://docs.maritaca.ai/
"""
"""
Host, countries (`+` joins; none where a part of the host is a cloud's region), what its source promises, and source.

`inside`: that requests are processed there, so that it is proof; `-`: that the host lies there, while requests may be
processed elsewhere, as with Azure's global deployments: it can only prove that a request leaves a residency.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Where something answers; `countries` may be `ANYWHERE`.

    `is_promised`: requests are processed there and nowhere else.
    """

    countries: frozenset[str]
    is_promised: bool
    source: str


def _countries(words: str) -> frozenset[str]:
    names = {"eu": EU, "eea": EEA, "*": ANYWHERE}
    return frozenset().union(*(names.get(word, {word}) for word in words.split("+")))


def _cloud_regions() -> Iterator[tuple[str, str, Fact]]:
    cloud = source = ""
    for line in _CLOUDS.strip().splitlines():
        first, *rest = line.split()
        if rest[0].startswith("https:"):
            cloud, source = first, rest[0]
            continue
        for region in rest:
            yield (
                cloud,
                region,
                Fact(countries=_countries(first), is_promised=cloud != "azure", source=source),
            )


class Geography:
    """Every table, parsed when it is first asked: most fleets declare what they need."""

    @cached_property
    def clouds(self) -> Mapping[str, Mapping[str, Fact]]:
        """Regions by the cloud's word, then by their own name."""
        clouds: dict[str, dict[str, Fact]] = {}
        for cloud, region, fact in _cloud_regions():
            clouds.setdefault(cloud, {})[region] = fact
        return clouds

    @cached_property
    def profiles(self) -> Mapping[str, Fact]:
        """What Bedrock's model ids may begin with, up to the dot."""
        lines = (line.split() for line in _PROFILES.strip().splitlines())
        source = "https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html"
        return {
            name: Fact(countries=_countries("+".join(words)), is_promised=True, source=source)
            for name, *words in lines
        }

    @cached_property
    def hosts(self) -> Mapping[str, tuple[tuple[re.Pattern[str], str, Fact], ...]]:
        """By the last two labels: patterns in the order of the table, the cloud of their group, and the fact."""
        found: dict[str, list[tuple[re.Pattern[str], str, Fact]]] = {}
        for line in _HOSTS.strip().splitlines():
            host, *words, promise, source = line.split()
            cloud = next((cloud for cloud in self.clouds if f"{{{cloud}}}" in host), "")
            assert bool(words) != bool(cloud), line
            pattern = (
                re.escape(host).replace(r"\*", r"[a-z0-9.-]+").replace(rf"\{{{cloud}\}}", "([a-z0-9-]+)")
            )
            countries = _countries(words[0]) if words else frozenset()
            fact = Fact(countries=countries, is_promised=promise == "inside", source=source)
            found.setdefault(_tail(host), []).append((re.compile(pattern), cloud, fact))
        return {tail: tuple(rows) for tail, rows in found.items()}

    def of_host(self, host: str) -> Fact | None:
        """What a host's name says, in its normal form; of two rows that fit, the first knows more."""
        if len(host) > _LONGEST_HOST:
            return None
        for pattern, cloud, fact in self.hosts.get(_tail(host), ()):
            match = pattern.fullmatch(host)
            if match is None:
                continue
            if not cloud:
                return fact
            region = self.clouds[cloud].get(match[1])
            if region is not None:
                promised = fact.is_promised
                return Fact(countries=region.countries, is_promised=promised, source=fact.source)
        return None


_LONGEST_HOST = 253
"""RFC 1035, 2.3.4; the patterns of hosts take quadratic time."""


def _tail(host: str) -> str:
    return ".".join(host.rsplit(".", 2)[-2:])


GEOGRAPHY = Geography()
"""The tables."""
