import json
import time
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from modelspec.load import read
from modelspec.load.find import File
from modelspec.load.redact import redacted


def shown_of(text: str) -> str:
    return redacted(text).text


TELLING = ("api_key", "password", "client_secret", "authToken", "credentials")
OTHER = ("value", "a", "name", "literal", "x-y", "envs", "key")
SECRET = "hunter"
STYLES = {"flow": True, "block": False, "mixed": None}


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("api_key: {value: hunter2}", "api_key: {value: *******}"),
        ("api_key: {env: FOO, value: hunter2} # why", "api_key: {env: FOO, value: *******} # why"),
        ("api_key:\n  env: FOO\n  value: hunter2\nx: y1", "api_key:\n  env: FOO\n  value: *******\nx: y1"),
        ("api_key:\n  env: FOO\n\n  value: hunter2", "api_key:\n  env: FOO\n\n  value: *******"),
        ("api_key:\n  # why\n  value: 'hunter2' # x", "api_key:\n  # why\n  value: ********* # x"),
        ("api_key:\n  value: |\n    a: hunter2\nx: y1", "api_key:\n  value: |\n    ** *******\nx: y1"),
        ("api_key:\n  value:\n    hunter2\n", "api_key:\n  value:\n    *******\n"),
        ("api_key:\n  - value: hunter2\n    b: c1\n", "api_key:\n  - value: *******\n    b: **\n"),
        ("api_key:\n- value: hunter2\n- hunter3\n", "api_key:\n- value: *******\n- *******\n"),
        ("api_key:\n  {value: hunter2,\n   env: FOO}\n  b: c1", "api_key:\n  ******* ********\n   env: ****\n  b: **"),
        ("api_key: {\n  value: hunter2,\n}\nx: y1", "api_key: {\n  value: *******,\n}\nx: y1"),
        ("api_key: {value: hunter2\nx: y1", "api_key: {****** *******\nx: **"),
        ("api_key: {value: hunter2", "api_key: {****** *******"),
        ("api_key: &k {value: hunter2}", "api_key: &k {value: *******}"),
        ("a: &k {value: hunter2}\napi_key: *k", "a: &k {value: *******}\napi_key: *k"),
        ("a: &k hunter2\napi_key: {value: *k}", "a: &k *******\napi_key: {value: *k}"),
        ("api_key: {value: [hunter2, b1]}", "api_key: {value: [*******, **]}"),
        ('api_key: {"value":"hun}t # 2", hunter2}', 'api_key: {"value":****** * **, *******}'),
        ("api_key: {value: hunter2 # why: x\n}", "api_key: {value: ******* # why: x\n}"),
        ("api_key: {env: {a: hunter2}}", "api_key: {env: {a: *******}}"),
        ("api_key: {env: [hunter2]}", "api_key: {env: [*******]}"),
        ("api_key:\n  env:\n    - hunter2\n", "api_key:\n  env:\n    - *******\n"),
        ("api_key:\n  env:\n    FOO\n", "api_key:\n  env:\n    FOO\n"),
        ("api_key:\n  env: |\n    FOO\n  b: c1", "api_key:\n  env: |\n    ***\n  b: **"),
        ("api_key: {kubernetes: {secret: foo, key: bar}}", "api_key: {kubernetes: {secret: foo, key: bar}}"),
        ("api_key: {kubernetes: {value: hunter2}}", "api_key: {kubernetes: {value: *******}}"),
        (
            "password:\n  kubernetes:\n    secret: foo\n    key: bar\n    value: hunter2",
            "password:\n  kubernetes:\n    secret: foo\n    key: bar\n    value: *******",
        ),
        ("api_key: {secret: hunter2, key: bar}", "api_key: {secret: *******, key: ***}"),
        ("credentials: {eu: {env: FOO}, us: {value: hunter2}}", "credentials: {eu: {env: FOO}, us: {value: *******}}"),
        ("api_keys:\n  - &a {env: FOO, b: c1}\n  - *a\n", "api_keys:\n  - &a {env: FOO, b: **}\n  - *a\n"),
        ("api_key: {{ vault.key }}", "api_key: {{ ********* }}"),
        ("api_key: {}\n", "api_key: {}\n"),
        # What was meant as a URL, however badly it is written.
        ('endpoint: "//svc:hunter2@a.x/v1"', 'endpoint: "//svc:*******@a.x/v1"'),
        ("endpoint: https:/svc:hunter2@a.x/v1", "endpoint: https:/svc:*******@a.x/v1"),
        ("url: svc:hunter2@a.x", "url: svc:*******@a.x"),
        ("url: https://svc:a/hunter2@a.x/v1", "url: https://svc:*********@a.x/v1"),
        ("endpoint: 'https://a.x/v1?a=b&key=hunter2&c=d'", "endpoint: 'https://a.x/v1?a=b&key=*******&c=d'"),
        ("endpoint: >-\n  https://svc:a/hunter2@a.x", "endpoint: >-\n  https://svc:*********@a.x"),
        ("endpoint: 'https://a.x/v1#hunter2'", "endpoint: 'https://a.x/v1#*******'"),
        ("endpoint: https://a.x:80/@b?api-version=1 # why", "endpoint: https://a.x:80/@b?api-version=1 # why"),
        ("api_key: }\npassword: {]: :}", "api_key: *\npassword: {** **"),
    ],
)  # fmt: skip
def test_only_references_below_a_telling_key_are_shown(text: str, masked: str) -> None:
    assert shown_of(text) == masked


def _trees() -> st.SearchStrategy[Any]:
    """What may stand below a telling key: each value that is no reference holds the secret, each reference a name."""
    reference = st.sampled_from(
        [{"env": "ATLAS"}, {"file": "/run/secrets/ATLAS"}, {"vault": "kv/prod#ATLAS"}]
    )
    kubernetes = st.just({"kubernetes": {"secret": "atlas-keys", "key": "ATLAS"}})
    value = st.integers(0, 99).map(lambda number: f"{SECRET}{number}")
    return st.recursive(
        st.one_of(reference, kubernetes, st.dictionaries(st.sampled_from(OTHER), value, min_size=1)),
        lambda inner: st.one_of(
            st.dictionaries(st.sampled_from(OTHER), st.one_of(value, inner), min_size=1),
            st.tuples(inner, reference).map(lambda pair: {**pair[0], **pair[1]}),
            st.fixed_dictionaries({"list": st.lists(inner, min_size=1, max_size=3)}),
        ),
        max_leaves=5,
    )


def _is_yaml(text: str) -> bool:
    try:
        yaml.safe_load(text)
    except yaml.YAMLError:
        return False
    return True


@given(
    _trees(),
    st.sampled_from(TELLING),
    st.sampled_from(sorted(STYLES)),
    st.sampled_from(["", "- ", "a:\n- b: 1\n  "]),
)
def test_no_value_below_a_telling_key_is_shown_and_every_reference_is(
    tree: Any, key: str, style: str, before: str
) -> None:
    text = yaml.safe_dump({key: tree}, default_flow_style=STYLES[style], sort_keys=False)
    lines = text.splitlines(keepends=True)
    indent = " " * len(before.rpartition("\n")[2])
    text = before + indent.join(lines)
    shown = shown_of(text)
    assert SECRET not in shown
    if _is_yaml(text):
        assert shown.count("ATLAS") == text.count("ATLAS")
    written = shown_of(json.dumps({key: tree}))
    assert SECRET not in written


@pytest.mark.parametrize(
    "text",
    [
        "password: {" * 20_000,
        "password: {\n" * 20_000,
        "password: [{" * 20_000,
        "password: {}\n" * 20_000,
        "password:\n " * 20_000,
        "password:\n" + "  - password:\n" * 15_000,
        "password: {" + "'\" " * 60_000,
        "password:\n" + "  'a\n" * 40_000,
    ],
)
def test_much_nesting_takes_little_time(text: str) -> None:
    started = time.process_time()
    shown_of(text)
    assert time.process_time() - started < 8


def test_quotes_no_secret_that_is_written_twice_as_a_key() -> None:
    text = "api_key: {hunter2-hunter2: 1, hunter2-hunter2: 2}\nx: {abc-1: 1, abc-1: 2}\n"
    faults = read(File("models.d/a.yaml", text.encode())).faults
    assert [one.message for one in faults] == ["duplicate key '***************'", "duplicate key 'abc-1'"]
