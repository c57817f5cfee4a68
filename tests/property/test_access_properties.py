from itertools import combinations, product

from hypothesis import given
from hypothesis import strategies as st

from modelspec.fleet.model import Access
from modelspec.fleet.reach import gaps

REGIONS = ("eu", "us")
GROUPS = ("research", "sales")


def subsets(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [some for size in range(len(names) + 1) for some in combinations(names, size)]


accesses: st.SearchStrategy[Access] = st.tuples(
    st.sampled_from(("public", "internal", "private")),
    st.sampled_from(subsets(GROUPS)),
    st.sampled_from([None, *filter(None, subsets(REGIONS))]),
)
CALLERS = [
    (is_member or group is not None, group, region)
    for is_member, group, region in product((True, False), (None, *GROUPS), REGIONS)
]
"""Whether they are of the organisation, a group that they are in, and where they are."""


def may_call(access: Access, caller: tuple[bool, str | None, str], *, names_suffice: bool) -> bool:
    """The documented meaning; groups of an internal model are beside the organisation, or instead of it."""
    visibility, groups, regions = access
    is_member, group, region = caller
    if regions is not None and region not in regions:
        return False
    if visibility == "public" or group in groups:
        return True
    return visibility == "internal" and is_member and (names_suffice or not groups)


@given(accesses, accesses)
def test_no_caller_reaches_a_fallback_model_without_access(first: Access, second: Access) -> None:
    found = list(gaps(first, second, REGIONS))
    for names_suffice in (True, False):
        lacking = [
            caller
            for caller in CALLERS
            if may_call(first, caller, names_suffice=names_suffice)
            and not may_call(second, caller, names_suffice=names_suffice)
        ]
        if not found:
            assert not lacking
        if any(gap.is_certain for gap in found) and names_suffice:
            assert lacking


@given(st.tuples(accesses, accesses, accesses))
def test_without_a_gap_between_neighbours_a_chain_has_none(chain: tuple[Access, Access, Access]) -> None:
    first, second, third = chain
    if not [*gaps(first, second, REGIONS), *gaps(second, third, REGIONS)]:
        assert not list(gaps(first, third, REGIONS))
