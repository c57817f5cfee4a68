"""References: one normal form, tokens that are no keys, and no word of what is refused."""

from pathlib import Path

import pytest
from rule_fleets import TODAY, codes, found_in, model

from modelspec.fleet.reference import Reference
from modelspec.incremental import validate
from modelspec.report import REPORTS
from modelspec.report.contract import Summary


def reported(root: Path, form: str) -> str:
    checked = validate(root, today=TODAY, cache=False)
    summary = Summary.of(checked.diagnostics, files=1, models=1)
    return "".join(REPORTS[form](checked.diagnostics, summary, checked.locator.source, colour=False))


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ({"file": "/run/secrets/./key"}, "{file: /run/secrets/key}"),
        ({"file": "/run/secrets/a/../key"}, "{file: /run/secrets/key}"),
        ({"file": "/run//secrets/key"}, "{file: /run/secrets/key}"),
        ({"file": "//run/secrets/key"}, "{file: /run/secrets/key}"),
        ({"file": "/run/secrets/key/"}, "{file: /run/secrets/key}"),
        ({"file": "/run/secrets/%6bey"}, "{file: /run/secrets/key}"),
        ({"file": "/run/secrets/%256bey"}, "{file: /run/secrets/key}"),
        ({"file": "/var/run/../run/secrets/key"}, "{file: /run/secrets/key}"),
        ({"file": "/run/secrets/..data/key"}, "{file: /run/secrets/key}"),
        ({"file": "/var/run/secrets/a/..2026_12_01_00_00_00.1/key"}, "{file: /run/secrets/a/key}"),
        ({"file": "/run/secrets\\\\key"}, "{file: /run/secrets/key}"),
        ({"file": "/run/secrets/key "}, "{file: /run/secrets/key}"),
        ({"file": "/run/secrets/cafe\\u0301"}, '{file: "/run/secrets/caf\u00e9"}'),
        ({"vault": "kv/x/../prod/db#password"}, "{vault: kv/prod/db#password}"),
        ({"vault": "/kv/prod/db#password"}, "{vault: kv/prod/db#password}"),
        ({"vault": "kv/prod/db/#password"}, "{vault: kv/prod/db#password}"),
        ({"vault": "kv//prod/db#password"}, "{vault: kv/prod/db#password}"),
        ({"vault": "kv/prod%2Fdb#password"}, "{vault: kv/prod/db#password}"),
        ({"vault": "kv/prod/db?version=1#password"}, "{vault: kv/prod/db#password}"),
        ({"vault": "kv/prod/db#password "}, "{vault: kv/prod/db#password}"),
        ({"kubernetes": {"secret": "llm..keys", "key": "a"}}, "{kubernetes: {secret: llm.keys, key: a}}"),
    ],
)
@pytest.mark.parametrize("place", ["api_key", "key_policy", "deployments"])
def test_another_spelling_is_refused_and_the_help_mends_it(
    written: dict[str, object], normal: str, place: str, tmp_path: Path
) -> None:
    texts = []
    for text in (flow(written), normal):
        whole = {
            "api_key": model(api_key=text),
            "deployments": model(
                endpoint="", deployments=f"[{{endpoint: 'https://a.example.com/v1', api_key: {text}}}]"
            ),
            "key_policy": model()
            + f"# file: modelspec.yaml\nkey_policy: [{{key: {text}, hosts: [a.example.com]}}]\n",
        }
        texts.append(whole[place])
    found = [one for one in found_in(tmp_path / "bad", texts[0]) if one.code == "MS517"]
    assert [one.help.partition("; ")[0] for one in found] == [f"write {normal}"]
    assert found[0].hidden is not None
    assert "revoke" in found[0].help
    assert "MS517" not in codes(found_in(tmp_path / "good", texts[1]))


def flow(written: dict[str, object]) -> str:
    ((kind, target),) = written.items()
    if isinstance(target, dict):
        return f"{{{kind}: {{secret: {target['secret']}, key: {target['key']}}}}}"
    return f'{{{kind}: "{target}"}}'


def test_where_nothing_is_left_no_form_is_shown(tmp_path: Path) -> None:
    (found,) = found_in(tmp_path, model(api_key='{vault: "..#x"}'))
    assert found.code == "MS517"
    assert found.help.startswith("write it without empty")


def test_var_run_is_run() -> None:
    ours, theirs = (Reference.of({"file": f"{top}/secrets/key"}) for top in ("/run", "/var/run"))
    assert ours == theirs
    assert ours.is_normal
    assert theirs.is_normal
    assert theirs.json == {"file": "/var/run/secrets/key"}


@pytest.mark.parametrize("glob", ["/run/secrets/*", "/var/run/secrets/*", "/var/*", "/*"])
@pytest.mark.parametrize(
    "path",
    ["/run/secrets/key", "/var/run/secrets/key", "/run/./secrets/key", "/run/secrets/..data/key"],
)
def test_a_policy_holds_for_every_spelling(glob: str, path: str, tmp_path: Path) -> None:
    policy = f"# file: modelspec.yaml\nkey_policy: [{{key: {{file: '{glob}'}}, hosts: [b.example.com]}}]\n"
    assert "MS514" in codes(found_in(tmp_path, policy + model(api_key=f"{{file: {path}}}")))


TOKENS = [
    "{file: /run/secrets/kubernetes.io/serviceaccount/token}",
    "{file: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt}",
    "{file: /run/secrets/kubernetes.io/serviceaccount/..data/token}",
    "{file: /run/secrets/Kubernetes.IO/ServiceAccount/token}",
    "{file: /srv/keys/serviceaccount/token}",
    "{file: /run/secrets/eks.amazonaws.com/serviceaccount/token}",
    "{file: /run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token}",
    "{file: /etc/modelspec/aws-web-identity-token}",
    "{file: /var/run/secrets/azure/tokens/azure-identity-token}",
    "{file: /srv/keys/azure-identity-token}",
    "{file: /run/secrets/azure/tokens/t}",
    "{file: /run/secrets/tokens/gcp-ksa/token}",
    "{file: /run/secrets/tokens/istio-token}",
    "{file: /run/secrets/tokens/vault-token}",
    "{file: /run/secrets/tokens/sa-token}",
    "{file: /run/secrets/workload-spiffe-credentials/private_key.pem}",
    "{file: /run/secrets/spiffe.io/svid.pem}",
    "{file: /srv/keys/svid_key.pem}",
    "{file: /srv/keys/jwt_svid.token}",
    "{file: /run/secrets/ack.alibabacloud.com/rrsa-tokens/token}",
    "{file: /run/secrets/cloud.tencent.com/serviceaccount/token}",
    "{file: /run/secrets/codeengine.cloud.ibm.com/compute-resource-token/token}",
    "{file: /srv/keys/nomad_token}",
    "{kubernetes: {secret: default-token-x2b4c, key: token}}",
    "{vault: auth/token/lookup-self#id}",
    "{vault: identity/oidc/token/gateway#token}",
    "{vault: sys/raw/x#value}",
]
KEYS = [
    "{file: /run/secrets/huggingface/token}",
    "{file: /run/secrets/vertex-service-account.json}",
    "{file: /run/secrets/tokens/mistral}",
    "{file: /run/secrets/azure/openai-key}",
    "{file: /run/secrets/bot-token}",
    "{file: /srv/keys/id}",
    "{kubernetes: {secret: llm-token-keys, key: token}}",
    "{kubernetes: {secret: default-token-x2b4c, key: mistral}}",
    "{vault: kv/identity/mistral#key}",
]


@pytest.mark.parametrize("reference", TOKENS)
def test_an_identity_token_is_no_key(reference: str, tmp_path: Path) -> None:
    found = found_in(
        tmp_path, "# file: modelspec.yaml\nsecret_folders: [/srv/keys]\n" + model(api_key=reference)
    )
    assert codes(found) == ["MS504"]


@pytest.mark.parametrize("reference", KEYS)
def test_what_only_resembles_a_token_is_a_key(reference: str, tmp_path: Path) -> None:
    settings = "# file: modelspec.yaml\nsecret_folders: [/srv/keys]\n"
    assert codes(found_in(tmp_path, settings + model(api_key=reference))) == []


REFUSED = [
    "9f86d081884c7d659a2feaa0c55ad015",
    "a9f86d081884c7d659a2feaa0c55ad01",
    "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    "_3f2504e0_4f89_41d3_9a0c_0305e82c3301",
    "correct-horse-battery",
    "hunter2%",
    "1password",
    "q" * 129,
    "Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5",
]


@pytest.mark.parametrize("value", REFUSED)
@pytest.mark.parametrize(
    "place",
    [
        "api_key: {{env: {}}}",
        "api_key:\n  env: {}",
        'api_key: {{"env": "{}"}}',
        "endpoint: {{env: {}}}",
        "params: {{setting: {{env: {}}}}}",
        "deployments: [{{endpoint: {{env: {}}}}}]",
        "deployments:\n  - endpoint: https://a.example.com/v1\n    params: {{x: {{env: {}}}}}",
    ],
)
@pytest.mark.parametrize("file", ["models.d/atlas.yaml", "models.d/_defaults.yaml"])
@pytest.mark.parametrize("form", ["text", "json", "sarif"])
def test_a_refused_name_is_never_shown(value: str, place: str, file: str, form: str, tmp_path: Path) -> None:
    rest = "" if place.startswith(("endpoint", "deployments")) else "endpoint: https://a.example.com/v1\n"
    own = f"{rest}{place.format(value)}\n"
    text = model(endpoint="")
    given = f"# file: models.d/_defaults.yaml\n{own}" if "_defaults" in file else ""
    found_in(tmp_path, (text if given else text + own) + given)
    shown = reported(tmp_path, form)
    assert "error" in shown
    assert value not in shown
    assert "revoke" in shown


@pytest.mark.parametrize("value", REFUSED[:2])
def test_a_key_in_a_policy_is_never_shown(value: str, tmp_path: Path) -> None:
    found_in(
        tmp_path,
        model(api_key=f"{{env: {value}}}")
        + f"# file: modelspec.yaml\nkey_policy: [{{key: {{env: {value}}}, hosts: [b.example.com]}}]\n",
    )
    shown = reported(tmp_path, "text")
    assert "error" in shown
    assert value not in shown
