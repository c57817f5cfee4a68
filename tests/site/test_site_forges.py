from pathlib import Path

import pytest
import yaml

from modelspec.site.forges import (
    FORGES,
    ForgeLinks,
    ForgeRepository,
    browser_templates,
    forge_of,
    home_of,
    links_for,
    origin_of,
    repository_of,
    templates_of,
)


def at(**settings: object) -> ForgeRepository:
    found = repository_of(settings)
    assert found is not None
    return found


PATH = "models.d/chat/a b#1.yaml"


def test_github_has_a_page_for_each_step() -> None:
    links = links_for(at(url="https://github.com/acme/fleet"), "models.d/atlas.yaml", 7)
    assert links == ForgeLinks(
        view="https://github.com/acme/fleet/blob/main/models.d/atlas.yaml#L7",
        edit="https://github.com/acme/fleet/edit/main/models.d/atlas.yaml",
        delete="https://github.com/acme/fleet/delete/main/models.d/atlas.yaml",
        new="https://github.com/acme/fleet/new/main?filename=models.d%2Fatlas.yaml",
    )


def test_gitlab_deletes_from_the_page_of_the_file() -> None:
    links = links_for(at(url="https://gitlab.com/acme/sub/fleet/"), "models.d/atlas.yaml")
    assert links == ForgeLinks(
        view="https://gitlab.com/acme/sub/fleet/-/blob/main/models.d/atlas.yaml#L1",
        edit="https://gitlab.com/acme/sub/fleet/-/edit/main/models.d/atlas.yaml",
        delete="https://gitlab.com/acme/sub/fleet/-/blob/main/models.d/atlas.yaml",
        new="https://gitlab.com/acme/sub/fleet/-/new/main?file_name=models.d%2Fatlas.yaml",
    )


def test_gitea_has_its_own_paths() -> None:
    links = links_for(at(url="https://codeberg.org/acme/fleet", branch="live"), "models.d/atlas.yaml")
    assert links == ForgeLinks(
        view="https://codeberg.org/acme/fleet/src/branch/live/models.d/atlas.yaml#L1",
        edit="https://codeberg.org/acme/fleet/_edit/live/models.d/atlas.yaml",
        delete="https://codeberg.org/acme/fleet/_delete/live/models.d/atlas.yaml",
        new="https://codeberg.org/acme/fleet/_new/live?filename=models.d%2Fatlas.yaml",
    )


def test_bitbucket_names_the_branch_in_the_query_too() -> None:
    links = links_for(at(url="https://bitbucket.org/acme/fleet", branch="team/x"), "models.d/atlas.yaml", 3)
    assert links == ForgeLinks(
        view="https://bitbucket.org/acme/fleet/src/team/x/models.d/atlas.yaml?at=team%2Fx#lines-3",
        edit="https://bitbucket.org/acme/fleet/src/team/x/models.d/atlas.yaml?mode=edit&at=team%2Fx",
        delete="https://bitbucket.org/acme/fleet/src/team/x/models.d/atlas.yaml?at=team%2Fx",
        new="https://bitbucket.org/acme/fleet/src/team/x/models.d/?at=team%2Fx",
    )


@pytest.mark.parametrize(
    ("url", "forge"),
    [
        ("https://github.com/a/b", "github"),
        ("https://github.acme.example/a/b", "github"),
        ("https://git-gitlab.acme.example/a/b", "gitlab"),
        ("https://forgejo.example/a/b", "gitea"),
        ("https://gitea.com/a/b", "gitea"),
    ],
)
def test_the_host_determines_the_forge(url: str, forge: str) -> None:
    assert forge_of(at(url=url)) is FORGES[forge]


def test_a_similar_host_determines_no_forge() -> None:
    assert forge_of(at(url="https://notgithub.example/a/b")) is None


def test_a_named_forge_overrides_the_host() -> None:
    assert forge_of(at(url="https://github.com/a/b", forge="gitea")) is FORGES["gitea"]


def test_everything_is_percent_encoded() -> None:
    links = links_for(at(url="https://github.com/acme/fleet.git", branch='a"b/ü?'), PATH)
    assert links is not None
    assert links.edit == ("https://github.com/acme/fleet/edit/a%22b/%C3%BC%3F/models.d/chat/a%20b%231.yaml")
    assert links.new == (
        "https://github.com/acme/fleet/new/a%22b/%C3%BC%3F?filename=models.d%2Fchat%2Fa%20b%231.yaml"
    )


def test_templates_override_those_of_the_forge() -> None:
    repository = at(
        url="https://git.example.net/fleet",
        forge="github",
        templates={
            "view": "https://view.example.net/{branch}/{path}#L{line}",
            "propose": "https://git.example.net/fleet/new/{branch}/models.d",
        },
    )
    links = links_for(repository, "models.d/a.yaml", 2)
    assert links == ForgeLinks(
        view="https://view.example.net/main/models.d/a.yaml#L2",
        edit="https://git.example.net/fleet/edit/main/models.d/a.yaml",
        delete="https://git.example.net/fleet/delete/main/models.d/a.yaml",
        new="https://git.example.net/fleet/new/main?filename=models.d%2Fa.yaml",
    )


def test_templates_work_without_a_known_forge() -> None:
    repository = at(url="https://git.example.net/x", templates={"edit": "https://e.example/{name}"})
    assert links_for(repository, "models.d/a.yaml") == ForgeLinks(
        view=None, edit="https://e.example/a.yaml", delete=None, new=None
    )
    assert "new" not in browser_templates(repository)
    assert origin_of(repository) == "https://e.example"


def test_there_are_no_links_without_a_repository() -> None:
    assert links_for(None, "models.d/a.yaml") == ForgeLinks()
    assert browser_templates(None) == {}
    assert origin_of(None) is None


def test_an_unknown_forge_has_a_home_and_no_pages() -> None:
    repository = at(url="https://git.example.net/x")
    assert home_of(repository) == "https://git.example.net/x"
    assert links_for(repository, "a.yaml") == ForgeLinks()
    assert origin_of(repository) is None


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)//github.com/x",
        "data:text/html,x",
        "ssh://git@github.com/a/b",
        "git@github.com:a/b.git",
        "https://user:pass@github.com/a/b",
        "https://github.com/a b",
        'https://github.com/"onclick=',
        "https://",
        "https://[github.com/a",
        "HTTPS",
    ],
)
def test_only_plain_web_addresses_become_links(url: str) -> None:
    assert links_for(at(url=url, forge="github"), "a.yaml") == ForgeLinks()


def test_a_template_of_another_scheme_gives_no_link() -> None:
    repository = at(
        url="https://github.com/a/b",
        templates={"propose": "javascript:alert({value})", "view": "data:,{path}"},
    )
    links = links_for(repository, "a.yaml")
    assert links is not None
    assert links.view is None
    assert links.new is None
    assert links.edit == "https://github.com/a/b/edit/main/a.yaml"
    assert "new" not in browser_templates(repository)


def test_the_browser_gets_the_templates_with_the_branch_filled_in() -> None:
    assert browser_templates(at(url="https://github.com/a/b", branch="x/y z")) == {
        "view": "https://github.com/a/b/blob/x/y%20z/{path}#L1",
        "edit": "https://github.com/a/b/edit/x/y%20z/{path}",
        "delete": "https://github.com/a/b/delete/x/y%20z/{path}",
        "new": "https://github.com/a/b/new/x/y%20z?filename={path}&value={value}",
        "bare": "https://github.com/a/b/new/x/y%20z?filename={path}",
    }


def test_a_repository_without_a_web_page_has_no_templates() -> None:
    assert browser_templates(at(url="ssh://git@github.com/a/b", forge="github")) == {}


@pytest.mark.parametrize(
    ("template", "bare"),
    [
        ("https://g.example/new?value={value}", "https://g.example/new"),
        ("https://g.example/new?value={value}&name={name}", "https://g.example/new?name={name}"),
        ("https://g.example/new?a=1&value={value}&name={name}", "https://g.example/new?a=1&name={name}"),
    ],
)
def test_the_text_can_be_anywhere_in_the_query(template: str, bare: str) -> None:
    repository = at(url="https://g.example/x", templates={"propose": template})
    found = browser_templates(repository)
    assert (found["new"], found["bare"]) == (template, bare)


def test_the_origin_is_that_of_the_page_for_new_files() -> None:
    assert origin_of(at(url="https://git.acme.example:8443/a/b", forge="gitea")) == (
        "https://git.acme.example:8443"
    )


@pytest.mark.parametrize(
    ("forge", "template", "new"),
    [
        ("github", "/new/{branch}/models.d", "/new/{branch}?filename={path}&value={value}"),
        ("github", "/new/{branch}", "/new/{branch}?filename={path}&value={value}"),
        ("github", "/new/{branch}/models.d/?a=b", "/new/{branch}/models.d/?a=b"),
        ("github", "/elsewhere", "/elsewhere"),
        ("github", "/new/{branch}/{path}", "/new/{branch}/{path}"),
        ("gitlab", "/-/new/{branch}/models.d/", "/-/new/{branch}?file_name={path}"),
        ("gitea", "/_new/{branch}/models.d", "/_new/{branch}?filename={path}&value={value}"),
        ("bitbucket", "/src/{branch}/models.d/", "/src/{branch}/models.d/"),
        (None, "/new/{branch}/models.d", "/new/{branch}/models.d"),
    ],
)
def test_an_own_template_is_prefilled_as_its_forge_does(forge: str | None, template: str, new: str) -> None:
    base = "https://git.example.net/fleet"
    repository = at(url=base, forge=forge, templates={"propose": base + template})
    assert templates_of(repository)["new"] == base + new


def test_the_example_prefills() -> None:
    settings = yaml.safe_load((Path(__file__).parents[2] / "modelspec.yaml").read_text(encoding="utf-8"))
    assert "{value}" in browser_templates(repository_of(settings["repository"]))["new"]
