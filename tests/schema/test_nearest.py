import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelspec.text.names import nearest

FIELDS = (
    "model_id",
    "name",
    "region",
    "priority_head",
    "fallback_heads",
    "fallback_models",
    "endpoint",
    "status",
)


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("regoin", FIELDS, "region"),
        ("Region", FIELDS, "region"),
        ("fallback-heads", FIELDS, "fallback_heads"),
        ("fallbackheads", FIELDS, "fallback_heads"),
        ("fallback_model", FIELDS, "fallback_models"),
        ("endpiont", FIELDS, "endpoint"),
        ("nam", FIELDS, "name"),
        ("eu-wset", ["us-west", "eu-west", "eu-east"], "eu-west"),
        ("ue", ["us", "eu"], "eu"),
        ("EU", ["us", "eu"], "eu"),
        ("eo", ["us", "eu"], None),
        ("x", ["y"], None),
        ("metadata", FIELDS, None),
        ("zebra", FIELDS, None),
        ("", FIELDS, None),
        ("region", [], None),
        ("a" * 129, ["a" * 128], None),
        ("abcdefghijklmnopqrst", ["badcfehgijklmnopqrst"], None),
        ("abcdefghijklmnopqrst", ["badcfeghijklmnopqrst"], "badcfeghijklmnopqrst"),
        ("head-service-eu", ["head-service-us", "head-service-eu2"], "head-service-eu2"),
    ],
)
def test_the_nearest_name(name: str, known: list[str], meant: str | None) -> None:
    assert nearest(name, known) == meant


@given(
    st.text("ab-_", max_size=8),
    st.lists(st.text("ab-_", max_size=8), max_size=6),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_known_names_does_not_matter(
    name: str, known: list[str], chance: random.Random
) -> None:
    shuffled = list(known)
    chance.shuffle(shuffled)
    assert nearest(name, known) == nearest(name, shuffled)


@given(st.text("abcdef", min_size=12, max_size=40), st.data())
def test_one_slip_is_always_found(name: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(name) - 1))
    slip = data.draw(st.sampled_from(["x", "", name[place] * 2]))
    assert nearest(name[:place] + slip + name[place + 1 :], [name, "other"]) == name


def test_names_made_to_be_slow_end_the_search() -> None:
    known = [f"{n:05}{'a' * 118}{n:05}" for n in range(3_000)]
    assert nearest("b" + "a" * 126 + "b", known) is None
