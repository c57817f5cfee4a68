import pytest
from test_routing_reach import signature

from modelspec.fleet.model import Names

NAMES = Names(
    [
        signature("router/*", aliases=("any",)),
        signature("router/deep/*"),
        signature("router/deep/one"),
        signature("plain", aliases=("other/*",)),
        signature("late", aliases=("plain", "router/deep/one")),
    ]
)


@pytest.mark.parametrize(
    ("name", "model_id"),
    [
        ("plain", "plain"),
        ("any", "router/*"),
        ("router/deep/one", "router/deep/one"),
        ("router/deep/two", "router/deep/*"),
        ("router/deep/two/three", "router/deep/*"),
        ("router/shallow", "router/*"),
        ("router/*", "router/*"),
        ("router/deep/*", "router/deep/*"),
        ("router/", "router/*"),
        ("router/deep", "router/*"),
        ("other/x", "plain"),
        ("router", None),
        ("Plain", None),
        ("plain/x", None),
        ("x/router/y", None),
        ("", None),
    ],
)
def test_an_exact_name_wins_over_the_longest_prefix(name: str, model_id: str | None) -> None:
    found = NAMES.find(name)
    assert (found.model_id if found else None) == model_id


@pytest.mark.parametrize(
    ("name", "model_id"),
    [
        ("known", "known"),
        ("acme/x", "acme/*"),
        ("*", "*"),
        ("", "*"),
        ("/", "*"),
        ("acme", "*"),
        ("Known", "*"),
        ("known/x", "*"),
        ("😀", "*"),
    ],
)
def test_a_catch_all_takes_what_nothing_else_does(name: str, model_id: str) -> None:
    names = Names([signature("*"), signature("known"), signature("acme/*")])
    found = names.find(name)
    assert found is not None
    assert found.model_id == model_id


def test_without_wildcards_only_exact_names_count() -> None:
    names = Names([signature("a/b")])
    assert names.find("a/b") is not None
    assert names.find("a/c") is None


def test_the_nearest_name_is_suggested() -> None:
    assert NAMES.suggestions.nearest("plian") == "plain"
