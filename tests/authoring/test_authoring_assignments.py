"""`field=value`: which change each means, what is refused, and that keys are never echoed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelspec.author.assignments import LONGEST, change_of, reference_to_variable, unset_of
from modelspec.author.change import Append, Change, Discard, Put, Unset
from modelspec.diagnose.refusal import Refusal
from modelspec.text.document import Pointer

KEY = "sk-proj-9fK2mQx7LrT4vNbW8sYcZ1aHdE6gJuP3iXoV5kB0"


def _put(*pointer: str | int, value: object) -> Change:
    return Put(pointer=pointer, value=value)


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("region=eu", _put("region", value="eu")),
        ("region = eu", _put("region", value="eu")),
        ("name= a ", _put("name", value=" a ")),
        ("name=12", _put("name", value="12")),
        ("name=true: #x", _put("name", value="true: #x")),
        ("name=a=b", _put("name", value="a=b")),
        ("name=", _put("name", value="")),
        ("sunset=2027-01-01", _put("sunset", value="2027-01-01")),
        ("local_inference=true", _put("local_inference", value=True)),
        ("local_inference=no", _put("local_inference", value="no")),
        ("limits.rpm=60", _put("limits", "rpm", value=60)),
        ("limits.rpm=", _put("limits", "rpm", value="")),
        ("limits={rpm: 60, tpm: 7}", _put("limits", value={"rpm": 60, "tpm": 7})),
        ("load_balancing.weights.head-x=3", _put("load_balancing", "weights", "head-x", value=3)),
        ("load_balancing.weights={head-x: 3}", _put("load_balancing", "weights", value={"head-x": 3})),
        ("endpoint=https://x.example.com/v1", _put("endpoint", value="https://x.example.com/v1")),
        ("endpoint={env: X_URL}", _put("endpoint", value={"env": "X_URL"})),
        ("api_key={env: X_KEY}", _put("api_key", value={"env": "X_KEY"})),
        ("api_key.env=X_KEY", _put("api_key", "env", value="X_KEY")),
        ("api_key={vault: a#b}", _put("api_key", value={"vault": "a#b"})),
        ("deployments[0].weight=3", _put("deployments", 0, "weight", value=3)),
        ("deployments.0.weight=3", _put("deployments", 0, "weight", value=3)),
        ("metadata.l[1][2].x=3", _put("metadata", "l", 1, 2, "x", value=3)),
        ("fallback_models.0=x", _put("fallback_models", 0, value="x")),
        ("fallback_models.error=[x]", _put("fallback_models", "error", value=["x"])),
        ("tags=[a, 'b c']", _put("tags", value=["a", "b c"])),
        ("params.api_version=2024-10-21", _put("params", "api_version", value="2024-10-21")),
        ("params.retries=3", _put("params", "retries", value=3)),
        ("metadata.owner=team", _put("metadata", "owner", value="team")),
        ("metadata.n=1.5", _put("metadata", "n", value=1.5)),
        ("metadata.n=null", _put("metadata", "n", value=None)),
        ('metadata.n="1"', _put("metadata", "n", value="1")),
        ("metadata.n=[1, {a: b}]", _put("metadata", "n", value=[1, {"a": "b"}])),
        ('metadata."a.b=c".d=x', _put("metadata", "a.b=c", "d", value="x")),
        ("tags+=x", Append(pointer=("tags",), value="x")),
        ("tags-=x", Discard(pointer=("tags",), value="x")),
        ("tags += 3", Append(pointer=("tags",), value="3")),
        ("metadata.l+=3", Append(pointer=("metadata", "l"), value=3)),
        (
            "deployments+={endpoint: {env: X}}",
            Append(pointer=("deployments",), value={"endpoint": {"env": "X"}}),
        ),
        ("fallback_models+=x", Append(pointer=("fallback_models",), value="x")),
    ],
)
def test_an_assignment_is_one_change(text: str, change: Change) -> None:
    assert change_of(text) == change


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("region", "'region' is not an assignment"),
        ("=eu", "'=eu' is not an assignment"),
        ('"region=eu', "'\"region=eu' is not an assignment"),
        ("regoin=eu", "'regoin' is not a field of a model; did you mean 'region'?"),
        (".=x", "'.' is not a field path"),
        ("tags[x]=a", "'tags[x]' is not a field path"),
        ("tags[0=a", "'tags[0' is not a field path"),
        ("limits[0]=1", "'limits' is not a list"),
        ("metadata..x=1", "'metadata..x' is not a field path"),
        ('metadata."a"b=1', "'metadata.\"a\"b' is not a field path"),
        ("region+=x", "'region' is not a list"),
        ("tags=x", "'tags' is a list"),
        ("limits=x", "'limits' is a mapping"),
        ("metadata=x", "'metadata' is a mapping"),
        ("api_key=X_KEY", "a key is never written to the repository: api_key takes a reference"),
        ("deployments.x.y=1", "'deployments' is a list; name an item by its position: deployments[0]"),
        ("metadata.n=.inf", "the value of 'metadata.n' is a number that JSON cannot represent"),
        (
            "metadata.n=99999999999999999999",
            "the value of 'metadata.n' is a number that JSON cannot represent",
        ),
        (
            "tags=[a",
            "the value is not valid YAML on one line: a ',' or the closing bracket is missing here",
        ),
        ("tags=[a]\nregion: us", "the value is not valid YAML on one line"),
        ("tags=[a] # x\nname: y", "the value is not valid YAML on one line"),
        ("model_id=x", "edit does not change ids"),
        ("name=" + "x" * LONGEST, "the assignment is too long"),
    ],
)
def test_an_invalid_assignment_is_refused(text: str, message: str) -> None:
    refusal = change_of(text)
    assert isinstance(refusal, Refusal)
    assert refusal.message.startswith(message)
    assert refusal.help


@pytest.mark.parametrize(
    "text",
    [
        f"api_key={KEY}",
        f"api_key.env={KEY}",
        f"api_key={{env: {KEY}}}",
        f"deployments.0.api_key={KEY}",
        f"{KEY}=x",
        KEY,
        f"tags=[{KEY}",
    ],
)
def test_a_key_is_refused_and_never_echoed(text: str) -> None:
    refusal = change_of(text)
    assert isinstance(refusal, Refusal)
    assert KEY not in refusal.message + refusal.help
    assert KEY[8:20] not in refusal.message + refusal.help


def test_only_names_of_variables_are_references() -> None:
    assert reference_to_variable("MISTRAL_API_KEY") == {"env": "MISTRAL_API_KEY"}
    for name in (KEY, "a b", "A\nB", "", "Ä"):
        assert isinstance(reference_to_variable(name), Refusal)


@pytest.mark.parametrize(
    ("way", "pointer"),
    [
        ("tags", ("tags",)),
        ("deployments.1.weight", ("deployments", 1, "weight")),
        ('metadata."a.b"', ("metadata", "a.b")),
    ],
)
def test_a_field_can_be_unset(way: str, pointer: Pointer) -> None:
    assert unset_of(way) == Unset(pointer=pointer)


def test_an_unknown_field_cannot_be_unset() -> None:
    assert isinstance(unset_of("tag"), Refusal)
    assert isinstance(unset_of('metadata."x'), Refusal)


@given(st.text(max_size=40), st.sampled_from(["=", "+=", "-="]), st.text(max_size=40))
def test_no_text_raises_as_an_assignment(way: str, operator: str, value: str) -> None:
    for text in (f"{way}{operator}{value}", f"metadata.{way}{operator}{value}", f"tags{operator}{value}"):
        assert isinstance(change_of(text), Put | Append | Discard | Refusal)
