from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelspec.fleet.model import Names, Signature
from modelspec.fleet.reach import transitive_reach


def signature(
    model_id: str,
    *fallback_models: str,
    reach: tuple[str, ...] = (),
    status: str = "active",
    aliases: tuple[str, ...] = (),
) -> Signature:
    return Signature(
        path=f"models.d/{model_id}.yaml",
        model_id=model_id,
        aliases=aliases,
        region="eu",
        regions=("eu",),
        status=status,
        heads=(),
        reach=reach,
        sites=(),
        fallback_models=tuple((name, ("fallback_models", n)) for n, name in enumerate(fallback_models)),
        replaced_by=None,
        key_hosts=(),
        is_tied_to_heads=False,
        access=None,
        sunset=None,
    )


def reaches(*signatures: Signature) -> dict[str, tuple[str, ...]]:
    return transitive_reach(signatures, Names(signatures))


def test_a_model_without_fallback_models_has_only_its_own_reach() -> None:
    assert reaches(signature("a", reach=("eu", "us")), signature("b")) == {"a": ("eu", "us"), "b": ()}


def test_reach_follows_fallback_models_transitively() -> None:
    found = reaches(
        signature("a", "b", reach=("us",)), signature("b", "c", reach=("eu",)), signature("c", reach=("cn",))
    )
    assert found == {"a": ("cn", "eu", "us"), "b": ("cn", "eu"), "c": ("cn",)}


def test_models_in_a_cycle_have_the_same_reach() -> None:
    found = reaches(
        signature("a", "b", reach=("us",)),
        signature("b", "c", "d", reach=("eu",)),
        signature("c", "a", reach=("cn",)),
        signature("d", reach=("br",)),
        signature("e", "c", reach=("jp",)),
    )
    assert found["a"] == found["b"] == found["c"] == ("br", "cn", "eu", "us")
    assert found["d"] == ("br",)
    assert found["e"] == ("br", "cn", "eu", "jp", "us")


def test_a_model_may_fall_back_to_itself() -> None:
    assert reaches(signature("a", "a", "b", reach=("us",)), signature("b", reach=("eu",)))["a"] == (
        "eu",
        "us",
    )


def test_fallback_models_may_be_named_by_alias_or_covered_by_a_wildcard() -> None:
    found = reaches(
        signature("a", "bee", "router/x", "nobody"),
        signature("b", reach=("eu",), aliases=("bee",)),
        signature("router/*", reach=("us",)),
    )
    assert found["a"] == ("eu", "us")


def test_nothing_is_reached_through_a_disabled_model() -> None:
    found = reaches(
        signature("a", "b", reach=("us",)),
        signature("b", "c", status="disabled"),
        signature("c", reach=("cn",)),
    )
    assert found == {"a": ("us",), "b": (), "c": ("cn",)}


@pytest.mark.parametrize("step", [1, -1])
@pytest.mark.parametrize("is_closed", [False, True])
def test_follows_a_chain_of_5000_models_to_its_end(step: int, *, is_closed: bool) -> None:
    # A reach has up to 5,000 regions: following every reference once per region would take minutes.
    size = 5000
    chain = [signature(f"m{n}", f"m{n + 1}", reach=(f"r{n:04}",)) for n in range(size)]
    chain.append(signature(f"m{size}", *(["m0"] if is_closed else []), reach=("last",)))
    found = reaches(*chain[::step])
    assert len(found["m0"]) == size + 1
    assert len(found["m4999"]) == (size + 1 if is_closed else 2)
    assert list(found["m0"]) == sorted(found["m0"])


@given(
    st.lists(
        st.tuples(
            st.sets(st.sampled_from(["eu", "us", "cn", "br"])),
            st.lists(st.integers(0, 7), max_size=3),
            st.booleans(),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_reach_covers_every_model_on_every_path(
    drawn: Sequence[tuple[set[str], list[int], bool]],
) -> None:
    signatures = [
        signature(
            f"m{n}",
            *(f"m{number}" for number in fallbacks),
            reach=() if disabled else tuple(sorted(own)),
            status="disabled" if disabled else "active",
        )
        for n, (own, fallbacks, disabled) in enumerate(drawn)
    ]
    found = reaches(*signatures)
    by_id = {one.model_id: one for one in signatures}
    for one in signatures:
        seen, waiting = set(), [one.model_id] if one.status == "active" else []
        while waiting:
            current = waiting.pop()
            if current not in seen and current in by_id and by_id[current].status == "active":
                seen.add(current)
                waiting += [name for name, _ in by_id[current].fallback_models]
        assert set(found[one.model_id]) == {code for each in seen for code in by_id[each].reach}
        assert list(found[one.model_id]) == sorted(set(found[one.model_id]))
