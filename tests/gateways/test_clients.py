"""The official Python clients of OpenAI and of Anthropic through the real Envoy, at every path that they call."""

from collections.abc import Iterator

import anthropic
import openai
import pytest
from client_head import ClientHead, client_head
from envoy_edge import SECONDS, Edge
from small_edge import started

pytestmark = [
    pytest.mark.gateway,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # what the clients call is theirs
]

IDS = ["acme/Big:7b+x", "atlas", "bison"]
ASKED: list[anthropic.types.MessageParam] = [{"role": "user", "content": "Hello"}]


@pytest.fixture(scope="module")
def head() -> Iterator[ClientHead]:
    with client_head() as one:
        yield one


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory, head: ClientHead) -> Iterator[Edge]:
    with started(tmp_path_factory.mktemp("edge"), {"one": head.url, "two": head.url}) as envoy:
        yield envoy


@pytest.fixture(scope="module", params=["/v1", ""])
def of_openai(request: pytest.FixtureRequest, edge: Edge) -> Iterator[openai.OpenAI]:
    """With the address that OpenAI's documentation uses, and for lists with that of LiteLLM's as well."""
    with openai.OpenAI(
        base_url=f"http://127.0.0.1:{edge.port}{request.param}", api_key="k", max_retries=0, timeout=SECONDS
    ) as client:
        yield client


@pytest.fixture(scope="module")
def plain(edge: Edge) -> Iterator[openai.OpenAI]:
    base = f"http://127.0.0.1:{edge.port}/v1"
    with openai.OpenAI(base_url=base, api_key="k", max_retries=0, timeout=SECONDS) as client:
        yield client


@pytest.fixture(scope="module")
def of_anthropic(edge: Edge) -> Iterator[anthropic.Anthropic]:
    base = f"http://127.0.0.1:{edge.port}"
    with anthropic.Anthropic(base_url=base, api_key="k", max_retries=0, timeout=SECONDS) as client:
        yield client


@pytest.fixture(autouse=True)
def _forgotten(head: ClientHead) -> None:
    head.asked.clear()


# Models


def test_openai_lists_models(of_openai: openai.OpenAI, head: ClientHead) -> None:
    models = list(of_openai.models.list())
    assert [model.id for model in models] == IDS
    assert {(model.object, model.owned_by) for model in models} == {("model", "modelspec")}
    assert head.asked == []


@pytest.mark.parametrize("name", [*IDS, "open/some/model:1"])
def test_openai_retrieves_a_model(of_openai: openai.OpenAI, name: str) -> None:
    assert of_openai.models.retrieve(name).id == name


def test_openai_is_told_what_does_not_exist(of_openai: openai.OpenAI) -> None:
    for name in ("unknown", "secret", "off", "acme/Big"):
        with pytest.raises(openai.NotFoundError) as raised:
            of_openai.models.retrieve(name)
        assert raised.value.code == "model_not_found"


def test_anthropic_lists_models_page_by_page(of_anthropic: anthropic.Anthropic) -> None:
    page = of_anthropic.models.list(limit=2)
    assert ([model.id for model in page.data], page.has_more) == (IDS[:2], True)
    assert (page.first_id, page.last_id) == (IDS[0], IDS[1])
    assert [model.id for model in page] == IDS
    assert [model.id for model in of_anthropic.models.list(limit=1)] == IDS
    back = of_anthropic.models.list(limit=1, before_id="bison")
    assert ([model.id for model in back.data], back.has_more) == (["atlas"], True)
    assert [model.id for model in of_anthropic.models.list()] == IDS
    assert [model.id for model in of_anthropic.beta.models.list(limit=2)] == IDS
    with pytest.raises(anthropic.BadRequestError):
        of_anthropic.models.list(after_id="unknown")


def test_anthropic_retrieves_a_model(of_anthropic: anthropic.Anthropic) -> None:
    model = of_anthropic.models.retrieve("acme/Big:7b+x")
    assert (model.id, model.type, model.display_name, model.created_at.year) == (
        "acme/Big:7b+x",
        "model",
        "acme/Big:7b+x",
        1970,
    )
    assert of_anthropic.models.retrieve("atlas-latest").id == "atlas"


# Inference


def test_openai_asks_models(plain: openai.OpenAI, head: ClientHead) -> None:
    chat = plain.chat.completions.create(model="atlas", messages=[{"role": "user", "content": "Hello"}])
    assert (chat.choices[0].message.content, chat.model) == ("Hello", "atlas")
    assert plain.completions.create(model="atlas", prompt="Hello").choices[0].text == "Hello"
    assert plain.embeddings.create(model="atlas", input="Hello", encoding_format="float").data[0].embedding
    assert plain.responses.create(model="atlas", input="Hello").output_text == "Hello"
    assert plain.moderations.create(model="atlas", input="Hello").model == "atlas"
    assert plain.images.generate(model="atlas", prompt="a cat").data
    speech = plain.audio.speech.create(model="atlas", voice="alloy", input="Hello")
    assert speech.content == b"\x00\xffsound"
    assert head.asked == [
        "/v1/chat/completions",
        "/v1/completions",
        "/v1/embeddings",
        "/v1/responses",
        "/v1/moderations",
        "/v1/images/generations",
        "/v1/audio/speech",
    ]


def test_openai_streams(plain: openai.OpenAI) -> None:
    chunks = plain.chat.completions.create(
        model="open/x", messages=[{"role": "user", "content": "Hello"}], stream=True
    )
    assert [chunk.choices[0].delta.content for chunk in chunks] == ["Hel", "lo"]


def test_openai_sends_files_with_the_model_in_a_field(plain: openai.OpenAI, head: ClientHead) -> None:
    sound = ("a.mp3", b"\x00\xff\r\n--x\r\n" * 1000, "audio/mpeg")
    assert plain.audio.transcriptions.create(model="atlas", file=sound).text == "Hello"
    assert plain.audio.translations.create(model="atlas", file=sound).text == "Hello"
    images = [("a.png", b"\x89PNG", "image/png"), ("b.png", b"\x89PNG", "image/png")]
    assert plain.images.edit(model="atlas", image=images, prompt="a hat").data
    assert head.asked == ["/v1/audio/transcriptions", "/v1/audio/translations", "/v1/images/edits"]


def test_openai_connects_to_realtime(plain: openai.OpenAI, head: ClientHead) -> None:
    with plain.realtime.connect(model="acme/Big:7b+x") as connection:
        assert connection.recv().type == "session.created"
    assert head.asked == ["/v1/realtime?model=acme%2FBig%3A7b%2Bx"]


@pytest.mark.parametrize("model", ["unknown", "off"])
def test_openai_is_told_of_an_unknown_model(plain: openai.OpenAI, head: ClientHead, model: str) -> None:
    with pytest.raises(openai.NotFoundError) as raised:
        plain.embeddings.create(model=model, input="Hello")
    assert (raised.value.code, raised.value.param) == ("model_not_found", "model")
    assert head.asked == []


def test_openai_is_told_why_an_id_cannot_be_routed(plain: openai.OpenAI, head: ClientHead) -> None:
    for ask in (
        lambda: plain.responses.retrieve("resp_1"),
        lambda: plain.responses.delete("resp_1"),
        lambda: plain.responses.cancel("resp_1"),
        plain.files.list,
        lambda: plain.files.retrieve("file-1"),
        lambda: plain.files.create(file=b"{}", purpose="batch"),
        lambda: plain.batches.retrieve("batch_1"),
    ):
        with pytest.raises(openai.BadRequestError) as raised:
            ask()
        assert raised.value.code == "model_unknown"
        assert "at which head" in raised.value.message
    assert head.asked == []


def test_openai_cannot_delete_a_model(plain: openai.OpenAI) -> None:
    with pytest.raises(openai.APIStatusError) as raised:
        plain.models.delete("atlas")
    assert (raised.value.status_code, raised.value.code) == (405, "method_not_allowed")


def test_anthropic_asks_models(of_anthropic: anthropic.Anthropic, head: ClientHead) -> None:
    message = of_anthropic.messages.create(model="atlas", max_tokens=9, messages=ASKED)
    assert (message.model, message.content[0].type) == ("atlas", "text")
    assert of_anthropic.messages.count_tokens(model="atlas", messages=ASKED).input_tokens == 7
    of_anthropic.messages.create(model="atlas", max_tokens=9, messages=ASKED, extra_query={"beta": "true"})
    assert head.asked == ["/v1/messages", "/v1/messages/count_tokens", "/v1/messages?beta=true"]


def test_anthropic_streams(of_anthropic: anthropic.Anthropic) -> None:
    with of_anthropic.messages.stream(model="atlas", max_tokens=9, messages=ASKED) as stream:
        assert list(stream.text_stream) == ["Hel", "lo"]


def test_anthropic_is_told_what_is_wrong(of_anthropic: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.NotFoundError) as raised:
        of_anthropic.messages.create(model="unknown", max_tokens=9, messages=ASKED)
    assert "does not exist" in raised.value.message
    with pytest.raises(anthropic.BadRequestError):
        of_anthropic.messages.batches.list()
