"""No value is dropped silently: each value of a source is in the result, or the report points at it.

The walk over the source uses PyYAML's own composer, so that it shares nothing with the importer.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from importing_sources import import_litellm, secrets_in
from modelspec_command import tree
from test_import_golden import CASES, imported

from modelspec.fleet.providers import PROVIDERS
from modelspec.importing import REPORTS, ImportOutcome
from modelspec.load.scalar import resolve11

Position = tuple[int, int]
LINKS = {"litellm_credential_name", "credential_name", "include", "custom_llm_provider", "weight", "order"}
"""Their values refer to other parts of the source, or are converted."""
PUBLIC = {provider.public_endpoint for provider in PROVIDERS.values()}
WRAPPED = {"argo-application", "config-in-a-text-in-a-text", "configmap"}
"""For PyYAML, the configuration in it is one string."""


def leaves(
    node: yaml.Node, chain: tuple[Position, ...], key: str
) -> Iterator[tuple[tuple[Position, ...], str, object]]:
    """Every scalar with its own place and those around it, and its key."""
    here = (*chain, (node.start_mark.line + 1, node.start_mark.column + 1))
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            place = (name.start_mark.line + 1, name.start_mark.column + 1)
            yield from leaves(value, (*here, place), str(name.value))
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from leaves(item, here, key)
    else:
        assert isinstance(node, yaml.ScalarNode)
        value = node.value if node.style else resolve11(node.value)
        yield here, key, value


def carried(key: str, value: object, made: set[str]) -> bool:
    """Whether a value is in the result, in any notation."""
    text = str(value)
    forms = {text, text.removeprefix("os.environ/"), text.partition("/")[2] or text, text.rstrip("/")}
    forms |= {text.removesuffix("/chat"), text.removesuffix("/v1beta")}
    if isinstance(value, float) and value.is_integer():
        forms.add(str(int(value)))
    if key == "access_groups" and text in {"internal", "public"}:
        return True
    return value is None or key in LINKS or bool(forms & (made | PUBLIC))


def values_of(made: dict[str, bytes]) -> set[str]:
    found: set[str] = set()
    for name, data in made.items():
        if name.endswith(".yaml"):
            for root in yaml.compose_all(data.decode(), Loader=yaml.SafeLoader):
                found.update(str(value) for _, _, value in leaves(root, (), ""))
    return found


@pytest.mark.parametrize("case", sorted(set(CASES) - WRAPPED - {"odd-yaml"}))
def test_every_value_is_imported_or_reported(case: str, tmp_path: Path) -> None:
    outcome = imported(case, tmp_path / "new")
    made = values_of(tree(tmp_path / "new"))
    noted = {(note.spot.path, note.spot.span.line, note.spot.span.column) for note in outcome.notes}
    checked = 0
    for name, content in CASES[case].files.items():
        if name == "proof.txt":
            continue
        for root in yaml.compose_all(content or b"", Loader=yaml.SafeLoader):
            for chain, key, value in leaves(root, (), ""):
                checked += 1
                is_noted = any((name, *place) in noted for place in chain)
                assert is_noted or carried(key, value, made), f"{name}:{chain[-1]}: {key}: {value!r}"
    assert checked > 1


FORMS = st.sampled_from(
    [
        "os.environ/KEY",
        "${KEY}",
        "{{ x }}",
        "sk-1234",
        "none",
        "",
        "gpt-4o",
        "openai/x",
        "bedrock/y",
        "a b",
        "*",
        "x/*",
    ]
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), FORMS, st.text(max_size=8))
KEYS = st.sampled_from(
    [
        *(
            "model",
            "model_name",
            "litellm_params",
            "model_info",
            "api_key",
            "api_base",
            "base_url",
            "rpm",
            "tpm",
        ),
        *("weight", "order", "tags", "access_groups", "id", "aws_region_name", "vertex_location", "hidden"),
        *("vertex_credentials", "custom_llm_provider", "litellm_credential_name", "credential_values"),
        *(
            "fallbacks",
            "context_window_fallbacks",
            "default_fallbacks",
            "model_group_alias",
            "credential_name",
        ),
    ]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | FORMS, inner, max_size=4),
    max_leaves=8,
)
ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "model_name": SCALARS,
        "litellm_params": st.dictionaries(KEYS, VALUES, max_size=6) | VALUES,
        "model_info": VALUES,
    },
)
CONFIGS = st.fixed_dictionaries(
    {"model_list": st.lists(ENTRIES | VALUES, max_size=4) | VALUES},
    optional={
        "litellm_settings": VALUES,
        "router_settings": st.dictionaries(KEYS, VALUES, max_size=4) | VALUES,
        "credential_list": VALUES,
        "include": VALUES,
        "x": VALUES,
    },
)


@settings(deadline=None, max_examples=150)
@given(config=CONFIGS)
def test_no_model_list_raises(config: object, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / "config.yaml").write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    outcome = import_litellm(folder / "config.yaml", folder / "new", dry_run=True)
    if isinstance(outcome, ImportOutcome):
        for render in REPORTS.values():
            assert "".join(render(outcome))
    else:
        assert outcome.message
    assert not (folder / "new").exists()


@settings(deadline=None, max_examples=300)
@given(text=st.text(alphabet=st.sampled_from("model_list: -[]{}&*<!'\"|>#\n  aé\t%@`,"), max_size=60))
def test_no_text_raises(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("text")
    (folder / "config.yaml").write_text("model_list:\n" + text, encoding="utf-8")
    outcome = import_litellm(folder / "config.yaml", folder / "new", dry_run=True)
    assert isinstance(outcome, ImportOutcome) or outcome.message


SECRET = "sk-proj-aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7dE9fG"
START = "model_list: [{model_name: x, litellm_params: {model: openai/x"
MODEL = f"{START}}}}}]"
PLACES = (
    "model_list: [{model_name: SECRET, litellm_params: {model: openai/x}}]",
    "model_list: [{model_name: x, litellm_params: {model: openai/SECRET}}]",
    "model_list: [{model_name: x, litellm_params: {model: SECRET}}]",
    "model_list: [{model_name: x, litellm_params: {model: openai/x, api_key: SECRET}}]",
    "model_list: [{model_name: x, litellm_params: {model: openai/x, api_key: os.environ/SECRET}}]",
    'model_list: [{model_name: x, litellm_params: {model: openai/x, api_key: "${SECRET}"}}]',
    'model_list: [{model_name: x, litellm_params: {model: openai/x, api_base: "https://SECRET@x.example/v1"}}]',
    'model_list: [{model_name: x, litellm_params: {model: openai/x, api_base: "https://x.example/v1?key=SECRET"}}]',
    "model_list: [{model_name: x, litellm_params: {model: openai/x, timeout: SECRET, SECRET: 1}}]",
    "model_list: [{model_name: x, litellm_params: {model: openai/x, custom_llm_provider: SECRET, tags: [SECRET]}}]",
    "model_list: [{model_name: x, litellm_params: {model: openai/x, litellm_credential_name: SECRET}}]",
    START + "}, model_info: {a: {b: [SECRET]}, SECRET: 1}}]",
    START + "}, model_info: {access_groups: [SECRET], id: SECRET}}]",
    "# SECRET\nmodel_list:\n# SECRET\n- {model_name: x, litellm_params: {model: a}} # SECRET\n# - model_name: SECRET",
    MODEL + "\nrouter_settings: {fallbacks: [{x: [SECRET]}, {SECRET: [x]}]}",
    MODEL + "\nrouter_settings: {model_group_alias: {SECRET: x, a: SECRET}}",
    MODEL + "\nSECRET: {SECRET: SECRET}\ninclude: [SECRET]",
    MODEL + "\ngeneral_settings: {master_key: SECRET, SECRET: 1}",
)


@pytest.mark.parametrize("text", PLACES)
def test_no_secret_is_imported_or_reported(text: str, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(text.replace("SECRET", SECRET), encoding="utf-8")
    outcome = import_litellm(tmp_path / "config.yaml", tmp_path / "new")
    made = b"\n".join(tree(tmp_path / "new").values()).decode() if (tmp_path / "new").exists() else ""
    names = "\n".join(tree(tmp_path / "new")) if (tmp_path / "new").exists() else ""
    report = (
        "".join("".join(render(outcome)) for render in REPORTS.values())
        if isinstance(outcome, ImportOutcome)
        else outcome.message + outcome.help
    )
    assert SECRET.lower() not in f"{made}\n{names}\n{report}".lower()
    assert secrets_in(made) == []


@pytest.mark.parametrize("case", CASES)
def test_no_golden_result_holds_a_secret(case: str, tmp_path: Path) -> None:
    outcome = imported(case, tmp_path / "new")
    for data in tree(tmp_path / "new").values():
        assert secrets_in(data.decode()) == []
    for render in REPORTS.values():
        assert secrets_in("".join(render(outcome))) == []
