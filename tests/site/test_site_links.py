"""Addresses of pages: each name has its own, which every file system and host takes."""

import re

from hypothesis import given
from hypothesis import strategies as st

from modelspec.fleet.reference import Reference
from modelspec.site.wording import Links, slug
from modelspec.text.portable import LONGEST, is_portable

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(name=TEXTS)
def test_a_slug_is_a_portable_name(name: str) -> None:
    made = slug(name)
    assert re.fullmatch("[a-z0-9-]+", made)
    assert is_portable(f"{made}.html")
    assert len(f"{made}.html") <= LONGEST


@given(one=TEXTS, other=TEXTS)
def test_different_names_have_different_slugs(one: str, other: str) -> None:
    assert (slug(one) == slug(other)) == (one == other)
    assert slug(one) != slug(f"{one} ")
    assert slug(f"a{one}") != slug(f"A{one}")


def test_a_slug_begins_with_what_people_read() -> None:
    assert re.fullmatch("team-blue-[0-9a-f]{16}", slug("Team Blue!"))
    assert re.fullmatch("[0-9a-f]{16}", slug("فريق"))


def test_pages_have_an_address_under_the_base_path() -> None:
    links = Links("/llm/")
    assert links.region("eu") == "/llm/admin/regions/eu.html"
    assert links.region("con") == "/llm/admin/regions/=63on.html"
    assert links.head("head-eu") == "/llm/admin/heads/head-eu.html"
    key = Reference.of({"kubernetes": {"secret": "openai", "key": "key"}})
    assert re.fullmatch("/llm/admin/keys/kubernetes-openai-key-[0-9a-f]{16}.html", links.key(key))
    assert re.fullmatch("/llm/admin/owners/team-[0-9a-f]{16}.html", links.owner("team"))


def test_two_spellings_of_one_reference_are_one_page() -> None:
    one, other = (Reference.of({"file": f"{top}/secrets/key"}) for top in ("/run", "/var/run"))
    assert Links("/").key(one) == Links("/").key(other)
