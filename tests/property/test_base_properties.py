from hypothesis import given
from hypothesis import strategies as st

from modelspec.fleet.providers import PROVIDERS
from modelspec.rules.endpoints import BaseCode, base_fault

WORDS = ("v1", "v1beta", "v2", "api", "openai", "models", "atlas", "serving-endpoints", "inference")
CALLS = (
    "chat/completions",
    "completions",
    "responses",
    "embeddings",
    "moderations",
    "images/generations",
    "audio/transcriptions",
    "messages",
    "models/gemini-pro:generateContent",
    "models/gemini-pro:streamGenerateContent",
    "model/amazon.nova-lite-v1:0/converse",
    "endpoints/atlas/invocations",
    "api/chat",
    "api/generate",
    "rerank",
)

segments = st.lists(st.sampled_from([*WORDS, *CALLS]), max_size=6)
ends = st.sampled_from(["", "/", "?", "?api-version=2024-10-21", "?x=1"])
providers = st.sampled_from(sorted(PROVIDERS))


@given(segments, ends, providers)
def test_what_is_meant_is_a_base(path: list[str], end: str, provider: str) -> None:
    fault = base_fault("/".join(["https://api.example.com", *path]) + end, provider)
    if fault is not None:
        assert base_fault(fault.right, provider) is None
        assert fault.right.startswith("https://api.example.com")


@given(
    st.sampled_from(CALLS),
    st.sampled_from(["", "/v1", "/api/v3", "/openai"]),
    ends,
    st.sampled_from(["openai", "groq"]),
)
def test_a_copied_call_is_led_back_to_its_base(call: str, base: str, end: str, provider: str) -> None:
    fault = base_fault(f"https://api.example.com{base}/{call}{end}", provider)
    assert fault is not None
    assert fault.right == f"https://api.example.com{base}"
    assert fault.code is (BaseCode.QUERY if "?" in end else BaseCode.OPERATION)


@given(providers)
def test_a_public_endpoint_is_a_base(provider: str) -> None:
    endpoint = PROVIDERS[provider].public_endpoint
    assert endpoint is None or base_fault(endpoint, provider) is None
