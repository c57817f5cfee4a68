"""Repositories with marked secrets in random places, and what every verb and format prints of them."""

import contextlib
import io
import json
import re
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random

from modelspec import cli
from modelspec.serve.site import Faults, build_site

MARK = "attery7"
"""Part of every marked secret: found in an output, one was printed."""

_SECRETS = (
    "Correct.Horse-Battery7",
    "xBattery7x",
    "BATTERYattery7",
    "p@ss/Battery7=w0rd",
    "horse, Battery7",
    "horse Battery7 staple",
    "Battery7#staple",
    "{Battery7}",
    "*Battery7",
    "Ünï-Battery7",
    "Battery7" + "-Staple9" * 9,
)
KEY = "sk-" + "proj-Zx81kq0Wm3vT5rYb7nLc9dFgHj2Battery7"
_TELLING = (
    "password",
    "api_key",
    "clientSecret",
    "credentials",
    "passwords",
    "auth-token",
    "x-api-key",
    "API_KEYS",
    "db.passwd",
)
_BASE = """\
model_id: atlas
name: Atlas
region: us
priority_head: head-us
fallback_heads: [head-eu]
endpoint: https://atlas.example.com/v1
api_key: {env: ATLAS_API_KEY}
"""
_FIXED = {
    "regions.yaml": "regions:\n  - {code: us, name: United States}\n  - {code: eu, name: Europe}\n",
    "heads.yaml": "heads:\n  - {head_id: head-us, region: us, url: https://us.example.com}\n"
    "  - {head_id: head-eu, region: eu, url: https://eu.example.com}\n",
    "modelspec.yaml": "targets: [envoy, litellm, prometheus]\n",
    "models.d/bison.yaml": _BASE.replace("atlas", "bison").replace("ATLAS", "BISON"),
    "routes.test.yaml": "tests:\n  - {name: t, model: atlas, expect: {head: head-us}}\n",
}


def _scalar(random: Random, text: str) -> str:
    """The text as a scalar of YAML in flow style."""
    kind = random.randrange(4)
    if kind == 0 and all(c.isalnum() or c in ".-" for c in text):
        return text
    if kind == 1:
        return "'" + text.replace("'", "''") + "'"
    if kind == 2:
        cut = random.randrange(len(text))
        return '"' + text[:cut].replace('"', '\\"') + f"\\u{ord(text[cut]):04x}" + text[cut + 1 :] + '"'
    return json.dumps(text, ensure_ascii=False)


def _value(random: Random, text: str) -> str:
    """A value in flow style that holds the text somewhere."""
    one = _scalar(random, text)
    return random.choice(
        (
            one,
            f"[{one}, x]",
            f"[[{one}]]",
            f"[{{v: {one}}}]",
            f"{{value: {one}, user: bob}}",
            f"{{a: {{b: [{one}]}}}}",
            f"&q {one}",
            f"!!str {one}",
            f"{{{one}}}",
            f"{{? {one} : x}}",
        )
    )


def _entries(random: Random, text: str, indent: str) -> str:
    """Lines of a block mapping that hold the text as a secret."""
    key, one, value = random.choice(_TELLING), _scalar(random, text), _value(random, text)
    word = re.sub(
        r"[/@#\\s*{},]", "", text.split(maxsplit=1)[0] if MARK in text.split(maxsplit=1)[0] else KEY
    )
    quoted = random.choice((key, f'"{key}"', f"'{key}'"))
    lines = random.choice(
        (
            f"{quoted}: {value}",
            f"{quoted}:\n  {value}",
            f"{quoted}: |\n  {text}\n  more",
            f"{quoted}: >-\n\n  {text}",
            f"{quoted}:\n- {value}\n- x",
            f"{quoted}:\n- v: {one}\n  w: {value}",
            f"{quoted}:\n  - - {one}",
            f"base: &anchor {one}\n{quoted}: *anchor",
            f"base: &anchor [x, {{y: {one}}}]\n{quoted}: {{z: [*anchor]}}",
            f"env:\n- name: DB_PASSWORD\n  value: {value}",
            f"env: [{{value: {one}, key: {key}}}]",
            f"notes: {json.dumps(f'the {key}: {text.split(maxsplit=1)[0]}')}",
            f"notes: |\n  {key}={text.split(maxsplit=1)[0]}",
            f"# {key}: {one}\nx: y",
            f"# {quoted}:\n#   - {one}\nx: y",
            f"x: y  # {key}={text.split(maxsplit=1)[0]}",
            f"url: https://svc:{word}@h.example/v1",
            f"url: https://{word}@h.example/v1",
            f"url: https://{word}:x@h.example/v1",
            f"url: https://h.example/?{key}={word}",
            f"deep: [{{a: [{{{key}: {value}}}]}}]",
            f"{quoted}: {{kubernetes: {{secret: {one}, value: {value}}}}}",
            f"{quoted}: {{env: {json.dumps(text + '.')}}}",
            f"{quoted}: {{file: {one}, x: {value}}}",
            f"? {key}\n: {one}",
            f"known: {KEY}",
            f"known: {KEY[:20]}\u200b{KEY[20:]}",
            f"# see {KEY}\nx: y",
            f"{quoted}: {one}\n{quoted}: {value}",
        )
    )
    return "".join(f"{indent}{line}\n" for line in lines.split("\n"))


def _broken(random: Random, text: str) -> str:
    """The text of a file with a fault of YAML somewhere."""
    lines = text.split("\n")
    lines.insert(
        random.randrange(len(lines)),
        random.choice(("a: b: c", "\tx: y", "]", "x: [", 'x: "', "<<<<<<< HEAD", "x: \x07")),
    )
    return "\n".join(lines)


def files(random: Random) -> dict[str, str]:
    """A repository with one to three marked secrets."""
    made = {**_FIXED, "models.d/atlas.yaml": _BASE}
    for _ in range(random.randint(1, 3)):
        secret = random.choice(_SECRETS)
        path = random.choice(
            ("models.d/atlas.yaml",) * 6
            + (
                "models.d/_defaults.yaml",
                "heads.yaml",
                "modelspec.yaml",
                "routes.test.yaml",
                "waivers.yaml",
                "keys.yaml",
            )
        )
        text = made.get(path, "")
        one = _scalar(random, secret)
        place = random.randrange(8)
        if path != "models.d/atlas.yaml" or place == 0:
            text += _entries(random, secret, "")
        elif place == 1:
            text += "params:\n" + _entries(random, secret, "  ")
        elif place == 2:
            text += "request:\n  extra_headers:\n" + _entries(random, secret, "    ")
        elif place == 3:
            text = text.replace("{env: ATLAS_API_KEY}", _value(random, secret))
        elif place == 4 and not secret.isalnum():
            text = text.replace("ATLAS_API_KEY", one)
        else:
            text += "metadata:\n" + _entries(random, secret, "  ")
        made[path] = text
    if random.random() < 0.2:
        path = random.choice(("models.d/atlas.yaml", "heads.yaml"))
        made[path] = _broken(random, made[path])
    if random.random() < 0.1:
        made[f"models.d/{random.choice((KEY, 'x/' + KEY + '/y'))}.yaml"] = made.pop("models.d/atlas.yaml")
    if random.random() < 0.1:
        made = {path: text.replace("\n", "\r\n") for path, text in made.items()}
    return made


FORMATS = ("text", "json", "github", "gitlab", "sarif", "junit")
VERBS: tuple[tuple[str, ...], ...] = (
    *(("validate", "--no-cache", "--format", name) for name in FORMATS),
    ("list", "--format", "table"),
    ("list", "--format", "json"),
    ("list", "--format", "csv"),
    ("show", "atlas"),
    ("show", "atlas", "--format", "json"),
    ("route", "atlas"),
    ("route", "atlas", "--format", "json"),
    ("test",),
    ("test", "--format", "json"),
    ("test", "--format", "junit"),
    ("drill", "--format", "json"),
    ("drill",),
    ("edit", "atlas", "name=Other", "--dry-run"),
    ("edit", "atlas", "metadata.password=Correct.Horse-Battery7", "--dry-run"),
    ("edit", "atlas", "--unset", "metadata", "--dry-run"),
    ("rename", "atlas", "other", "--dry-run"),
    ("remove", "atlas", "--dry-run"),
    ("fmt", "--dry-run"),
    ("edit", "atlas", "password=Correct.Horse-Battery7"),
    ("edit", "atlas", "params.client_secret=Correct.Horse-Battery7", "--dry-run"),
    ("new", "other", "--name", "O", "--metadata", "token=Correct.Horse-Battery7", "--dry-run"),
    ("plan",),
    ("plan", "--format", "json"),
    ("plan", "--format", "markdown"),
    ("schema", "model"),
    ("explain", KEY),
    ("route", KEY),
    ("show", KEY),
    ("build", "--check", "--no-cache"),
    ("build", "--no-cache"),
    ("import", "litellm", "litellm.yaml", "--into", "imported"),
)


def _git(root: Path, *arguments: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True)


def write(root: Path, made: dict[str, str], random: Random) -> None:
    """Write the repository, of which git knows an older state, and a configuration of LiteLLM beside it."""
    before = files(random) if random.random() < 0.5 else {**_FIXED, "models.d/atlas.yaml": _BASE}
    for state in (before, made):
        for path, text in state.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(text.encode())
        if state is before:
            _git(root, "init")
            _git(root, "add", ".")
            _git(root, "commit", "-m", "x")
    inner = _entries(random, random.choice(_SECRETS), "      ")
    (root / "litellm.yaml").write_text(
        "model_list:\n  - model_name: atlas\n    litellm_params: {model: openai/gpt, api_base: https://a.example/v1}\n"
        f"    model_info:\n{inner}",
        encoding="utf-8",
    )


def outputs(root: Path) -> Iterator[tuple[tuple[str, ...], int, str]]:
    """Each verb, its exit code, and all that it printed and imported."""
    for verb in VERBS:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.chdir(root), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cli.run(verb)
        yield verb, code, out.getvalue() + err.getvalue()
    for path in sorted((root / "imported").rglob("*.yaml")):
        yield ("imported", path.name), 0, path.read_text(encoding="utf-8")
    built = build_site(root, today=date(2026, 6, 1))
    yield ("serve",), 0, built.text if isinstance(built, Faults) else ""
