import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelspec.url import LONGEST, host_of, judge, owner_of
from modelspec.url.host import _TENANTS


def _table() -> dict[str, list[str]]:
    """The sections of urls.txt by their headings."""
    sections: dict[str, list[str]] = {}
    for section in (Path(__file__).parent / "urls.txt").read_text(encoding="ascii").split("\n## ")[1:]:
        heading, *lines = section.split("\n")
        sections[heading] = [json.loads(f'"{line}"') for line in lines if line]
    return sections


TABLE = _table()
FINE = TABLE.pop("fine")


def codes(url: str, *, local: bool = False) -> list[str]:
    return [fault.code.value for fault in judge(url, local=local)]


@pytest.mark.parametrize("url", FINE)
def test_ordinary_urls_have_no_fault(url: str) -> None:
    assert codes(url) == []
    assert host_of(url) is not None


@pytest.mark.parametrize(("code", "url"), [(code, url) for code, urls in TABLE.items() for url in urls])
def test_each_fault_is_found_and_only_once(code: str, url: str) -> None:
    assert codes(url) == [code]


@pytest.mark.parametrize("url", TABLE["MS508"])
def test_metadata_addresses_are_faults_of_local_models_too(url: str) -> None:
    assert codes(url, local=True) == ["MS508"]


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("http://localhost:11434/v1", []),
        ("http://127.0.0.1:8000", []),
        ("http://[::1]:8000", []),
        ("http://0.0.0.0:8000", []),
        ("http://127.1:8000", ["MS516"]),
        ("http://0x7f000001", ["MS516"]),
        ("http://\u2460\u2461\u2466.0.0.1", ["MS510"]),
        ("http://api.example.com", ["MS506"]),
        ("http://10.0.0.1", []),
    ],
)
def test_loopback_is_fine_where_it_is_meant_and_written_plainly(url: str, found: list[str]) -> None:
    assert codes(url, local=True) == found


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("http://user:pass@169.254.169.254/", ["MS507", "MS508"]),
        ("http://a@b@169.254.169.254/", ["MS507", "MS508"]),
        ("http://169.254.169.254@b@example.com/", ["MS506", "MS507"]),
        ("http://user@api.example.com/?key=x#f", ["MS506", "MS507"]),
        ("https://user@api.example.com:0/%0a", ["MS507", "MS511", "MS516"]),
        ("http://169.254.169.254%00/", ["MS508", "MS511"]),
        ("http://169.254.169.254#@example.com/", ["MS507", "MS508"]),
        ("https://api.example.com/%0a%", ["MS511", "MS516"]),
        ("https://api.example.com/" + "a" * LONGEST, ["MS512"]),
        ("http://127.0.0.1/" + "a" * LONGEST + "%0a", ["MS509", "MS511", "MS512"]),
        (" https://user:pass@api.example.com/", ["MS507", "MS516"]),
    ],
)
def test_independent_faults_are_all_reported_in_the_order_of_their_codes(url: str, found: list[str]) -> None:
    assert codes(url) == found


def test_a_url_of_the_greatest_length_is_fine() -> None:
    url = "https://api.example.com/".ljust(LONGEST, "a")
    assert codes(url) == []
    assert codes(url + "a") == ["MS512"]


@pytest.mark.parametrize("label", [63, 64])
def test_labels_have_at_most_63_characters(label: int) -> None:
    assert codes(f"https://{'a' * label}.example.com/") == ([] if label == 63 else ["MS516"])


def test_hosts_have_at_most_253_characters() -> None:
    assert codes(f"https://{'a.' * 125}com") == []
    assert codes(f"https://{'a.' * 126}com") == ["MS516"]


def test_messages_never_quote_credentials_queries_or_paths() -> None:
    url = "http://hunter2:hunter3@api.example.com:hunter4/hunter5%0a?key=hunter6#hunter7"
    told = " ".join(f"{fault.message} {fault.help}" for fault in judge(url, local=False))
    assert "MS507" in codes(url)
    assert "hunter" not in told


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("https://api.example.com/#f", "remove the '#'"),
        ("https://api.example.com/?key=x#f", "reference the key"),
        ("https://u@api.example.com/#f", "reference the key"),
    ],
)
def test_only_what_may_be_a_key_is_to_be_revoked(url: str, advice: str) -> None:
    (fault,) = judge(url, local=False)
    assert advice in fault.help
    assert ("revoke" in fault.help) == ("key" in advice)


def test_hosts_are_shown_visibly_escaped_and_cut() -> None:
    (fault,) = judge("https://\u0430\u202epi'.example/", local=False)
    assert "'\\u{430}\\u{202e}pi\\u{27}.example'" in fault.message
    (fault,) = judge("https://" + "\u0430" * 500, local=False)
    assert len(fault.message) < 1000


def test_long_texts_with_a_disguised_address_are_seen_through() -> None:
    assert codes("http://" + "\u00ad" * 9000 + "169.254.169.254/") == ["MS508", "MS512"]
    assert codes(f"http://{'0' * 9000}251.0376.0251.0376/") == ["MS508", "MS512"]


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://API.Example.com./v1", "api.example.com"),
        ("http://127.1/", "127.0.0.1"),
        ("http://0xa9fea9fe", "169.254.169.254"),
        ("http://[::FFFF:10.0.0.1]:80/", "10.0.0.1"),
        ("http://[2001:DB8:0:0::1]/", "2001:db8::1"),
        ("http://[fe80::1%25eth0]/", "fe80::1"),
        ("https://user:pass@api.example.com/", "api.example.com"),
        ("https://1.2.3.4.5/", None),
        ("https://[zz]/", None),
        ("https://[1:2]/", None),
        ("https:///v1", None),
        ("api.example.com", None),
        ("https://api.example.com\t/", None),
        ("https://\u0430pi.example.com/", None),
    ],
)
def test_hosts_have_one_spelling(url: str, host: str | None) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("api.example.com", "example.com"),
        ("example.com", "example.com"),
        ("a.b.example.co.uk", "example.co.uk"),
        ("example.co.uk", "example.co.uk"),
        ("co.uk", "co.uk"),
        ("api.example.com.cn", "example.com.cn"),
        ("api.moonshot.cn", "moonshot.cn"),
        ("vllm", "vllm"),
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("me.co", "me.co"),
        ("www.city.kawasaki.jp", "city.kawasaki.jp"),
        ("a.b.ck", "a.b.ck"),
        ("x.xn--85x722f.com.cn", "xn--85x722f.com.cn"),
        ("a.shishi.xn--fiqs8s", "shishi.xn--fiqs8s"),
        ("xn--999.example", "xn--999.example"),
        ("models.svc.cluster.local", "cluster.local"),
        # Hosting platforms, by the list's private part.
        ("ours.azurewebsites.net", "ours.azurewebsites.net"),
        ("api.ours.github.io", "ours.github.io"),
        ("ours.execute-api.us-east-1.amazonaws.com", "ours.execute-api.us-east-1.amazonaws.com"),
        # Tenants of clouds, by the table.
        ("ours.openai.azure.com", "ours.openai.azure.com"),
        ("x.eastus.models.ai.azure.com", "x.eastus.models.ai.azure.com"),
        ("openai.azure.com", "azure.com"),
        ("notopenai.azure.com", "azure.com"),
        ("ours.eu-west-1.snowflakecomputing.com", "ours.eu-west-1.snowflakecomputing.com"),
        ("vpce-1.bedrock-runtime.us-east-1.vpce.amazonaws.com",) * 2,
        ("ours.z01.azurefd.net",) * 2,
        ("ours-1.elb.us-east-1.amazonaws.com",) * 2,
        ("ours.app.bhs.ai.cloud.ovh.net",) * 2,
        ("ours.api.runpod.ai",) * 2,
        ("api.runpod.ai", "runpod.ai"),
        # A name that spells its address belongs to whom the address does.
        ("203-0-113-7.nip.io",) * 2,
        # A cloud's own services, in whatever region.
        ("bedrock-runtime.us-east-1.amazonaws.com", "amazonaws.com"),
        ("bedrock-runtime.eu-west-1.amazonaws.com", "amazonaws.com"),
        ("runtime.sagemaker.us-east-1.amazonaws.com", "amazonaws.com"),
        ("bedrock-mantle.us-east-1.api.aws", "amazonaws.com"),
        ("us-central1-aiplatform.googleapis.com", "googleapis.com"),
        ("aiplatform.eu.rep.googleapis.com", "googleapis.com"),
        ("ours.storage.googleapis.com", "storage.googleapis.com"),
        ("token-plan.cn-beijing.maas.aliyuncs.com", "aliyuncs.com"),
        ("llm-1.cn-beijing.maas.aliyuncs.com", "llm-1.cn-beijing.maas.aliyuncs.com"),
    ],
)
def test_owners(host: str, domain: str) -> None:
    assert owner_of(host) == domain


def test_each_domain_of_tenants_has_a_source() -> None:
    lines = _TENANTS.split()
    assert len(lines) > 50
    for domain, source in batched(lines):
        plain = domain.replace("*", "x")
        assert host_of(f"https://{plain}") == plain
        assert host_of(source)


def batched(lines: list[str]) -> list[tuple[str, str]]:
    return list(zip(lines[::2], lines[1::2], strict=True))


_PIECES = st.sampled_from(
    [
        *"hHtTpPsS:/\\@?#[]%.-_0123456789abcdefx \t\n\r\x00\u00ad\u3002\uff11\u2460",
        "http://",
        "https://",
        "%25",
        "xn--",
        "::ffff:",
        "169.254.169.254",
        ".nip.io",
        "%2e",
        "..",
    ]
)


@settings(deadline=None)
@given(
    st.one_of(
        st.text(), st.lists(_PIECES).map("".join), st.lists(_PIECES).map(lambda p: "http://" + "".join(p))
    )
)
def test_any_text_is_judged_without_raising(url: str) -> None:
    for local in (False, True):
        found = codes(url, local=local)
        assert found == sorted(set(found))
    host_of(url)


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "a.",
        "a-",
        "-",
        ":",
        "@",
        "/",
        "%",
        "%25",
        "%2e",
        "..",
        "../",
        "[",
        "\\",
        "0",
        "0.",
        " ",
        "\t",
        "&key",
        "?",
        "#",
        "\u0300\u0334",
        "\ufdfa",
        "\u3002",
        "xn--a.",
        "-0-",
        "1.1.1.",
        "a9fea9fe-",
        ":.",
        "_",
        ";",
        "aA",
    ],
)
@pytest.mark.parametrize("start", ["", "http://", "https://a/", "https://a?", "http://x@", "https://xn--"])
def test_long_hostile_texts_are_judged_in_linear_time(start: str, piece: str) -> None:
    # No clock: in quadratic time these would keep the tests busy for hours.
    found = judge(start + piece * (40_000 // len(piece)) + ".nip.io\x00", local=False)
    assert "MS512" in [fault.code for fault in found]
