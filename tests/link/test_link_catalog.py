from pathlib import Path

from small_fleets import compiled, found, model

LINKS = ("MS201", "MS202", "MS203", "MS204", "MS205", "MS206")


def _links(root: Path, models: dict[str, str]) -> list[str]:
    return found(compiled(root, models), LINKS)


def _said(root: Path, models: dict[str, str], code: str) -> tuple[str, str, list[str]]:
    (only,) = [one for one in compiled(root, models).diagnostics if one.code == code]
    return only.message, only.help, [f"{label.path}: {label.text}" for label in only.related]


def test_an_unknown_model_is_named_with_the_nearest_one(tmp_path: Path) -> None:
    models = {"atlas": model("atlas", "fallback_models: [bisn]"), "bison": model("bison")}
    assert _said(tmp_path, models, "MS203") == (
        "no model is named 'bisn'",
        "did you mean 'bison'?",
        ["models.d/bison.yaml: 'bison' is declared here"],
    )


def test_the_nearest_name_may_be_an_alias(tmp_path: Path) -> None:
    models = {
        "atlas": model("atlas", "status: deprecated", "replaced_by: bison-latst"),
        "bison": model("bison", "aliases: [bison-latest]"),
    }
    message, help_, related = _said(tmp_path, models, "MS203")
    assert (message, help_) == ("no model is named 'bison-latst'", "did you mean 'bison-latest'?")
    assert related == ["models.d/bison.yaml: 'bison-latest' is declared here"]


def test_an_unknown_model_with_nothing_near_has_an_action_still(tmp_path: Path) -> None:
    models = {"atlas": model("atlas", "fallback_models: {error: [something-else-altogether]}")}
    _, help_, related = _said(tmp_path, models, "MS203")
    assert help_ == "use the model_id or an alias of a model"
    assert related == []


def test_every_reference_is_followed_at_its_place(tmp_path: Path) -> None:
    models = {
        "atlas": model(
            "atlas",
            "fallback_models:",
            "  error: [bison, gone-1]",
            "  context_window: [gone-2]",
            "status: deprecated",
            "replaced_by: gone-3",
        ),
        "bison": model("bison"),
    }
    assert _links(tmp_path, models) == [
        "MS203 models.d/atlas.yaml:6:18",
        "MS203 models.d/atlas.yaml:7:20",
        "MS203 models.d/atlas.yaml:9:14",
    ]


def test_models_may_be_named_by_alias_and_by_what_a_wildcard_covers(tmp_path: Path) -> None:
    models = {
        "atlas": model("atlas", "fallback_models: [bee, router/x/y, router/*]"),
        "bison": model("bison", "aliases: [bee]"),
        "router/any": model("router/*"),
    }
    assert _links(tmp_path, models) == []


def test_an_id_declared_twice_is_named_with_both_places(tmp_path: Path) -> None:
    models = {"a": model("atlas"), "b": model("atlas")}
    assert _links(tmp_path, models) == ["MS205 models.d/b.yaml:1:11"]
    assert _said(tmp_path, models, "MS205") == (
        "the name 'atlas' is declared twice",
        "ids and aliases share one namespace and must differ by more than case: rename one",
        ["models.d/a.yaml: first here"],
    )


def test_ids_and_aliases_share_one_namespace_that_ignores_case(tmp_path: Path) -> None:
    models = {
        "a": model("atlas", "aliases: [bison]"),
        "b": model("BISON", "aliases: [cobra, Atlas]"),
        "c": model("dingo", "aliases: [cobra]"),
    }
    result = compiled(tmp_path, models)
    assert [one.message for one in result.diagnostics if one.code == "MS205"] == [
        "the name 'BISON' differs from 'bison' by case only",
        "the name 'Atlas' differs from 'atlas' by case only",
        "the name 'cobra' is declared twice",
    ]
    assert found(result, ["MS205"])[1] == "MS205 models.d/b.yaml:5:18"


def test_an_alias_that_repeats_its_own_id_is_a_second_declaration(tmp_path: Path) -> None:
    assert _links(tmp_path, {"atlas": model("atlas", "aliases: [atlas]")}) == [
        "MS205 models.d/atlas.yaml:5:11"
    ]


def test_a_name_declared_three_times_is_reported_at_each_one_after_the_first(tmp_path: Path) -> None:
    models = {stem: model("atlas") for stem in "abc"}
    assert _links(tmp_path, models) == ["MS205 models.d/b.yaml:1:11", "MS205 models.d/c.yaml:1:11"]


def test_file_names_that_differ_by_case_only_collide(tmp_path: Path) -> None:
    models = {
        "x/Atlas": model("one"),
        "x/atlas": model("two"),
        "X/ATLAS": model("three"),
        "y/atlas": model("four"),
    }
    result = compiled(tmp_path, models)
    assert found(result, ["MS206"]) == ["MS206 models.d/x/Atlas.yaml:1:1", "MS206 models.d/x/atlas.yaml:1:1"]
    assert all(
        one.related[0].path == "models.d/X/ATLAS.yaml" for one in result.diagnostics if one.code == "MS206"
    )


def test_files_with_equal_stems_and_other_endings_do_not_collide(tmp_path: Path) -> None:
    (tmp_path / "models.d").mkdir()
    (tmp_path / "models.d/atlas.yml").write_text(model("other"), encoding="utf-8")
    assert _links(tmp_path, {"atlas": model("atlas")}) == []


def test_a_name_that_a_broken_file_may_declare_is_not_unknown(tmp_path: Path) -> None:
    models = {
        "atlas": model("atlas", "fallback_models: [bison, org/cobra, dingo]"),
        "broken": "model_id: bison\nname: [\n",
        "other": "model_id: [cobra]\n",
    }
    assert _links(tmp_path, models) == ["MS203 models.d/atlas.yaml:5:37"]


def test_a_name_is_not_unknown_where_only_the_path_of_a_file_is_known(tmp_path: Path) -> None:
    (tmp_path / "models.d").mkdir()
    (tmp_path / "models.d/bison.yaml").symlink_to("elsewhere.yaml")
    models = {"atlas": model("atlas", "fallback_models: [bison, cobra]")}
    assert _links(tmp_path, models) == ["MS203 models.d/atlas.yaml:5:26"]


def test_a_model_with_a_fault_is_still_declared(tmp_path: Path) -> None:
    models = {
        "atlas": model("atlas", "fallback_models: [bison]"),
        "bison": model("bison", region="nowhere"),
        "cobra": model("cobra", "fallback_models: [atlas]", "colour: red"),
    }
    assert _links(tmp_path, models) == ["MS201 models.d/bison.yaml:3:9"]
