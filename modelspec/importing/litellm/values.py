"""Values of a LiteLLM configuration: references to variables in every notation, secrets, placeholders."""

import re
from collections.abc import Iterable
from enum import Enum

from modelspec.importing.draft import Ledger, NoteKind, variable_of
from modelspec.load.foreign import Foreign
from modelspec.schema import check
from modelspec.schema.documents import schema_of
from modelspec.secret import (
    GATEWAY_MASTER_KEYS,
    is_placeholder,
    looks_like_key,
    scan,
    spoken,
    steers_process,
    telling_key,
)
from modelspec.text.quote import quote

_PYTHON = re.compile(r"os\.environ/([A-Za-z_][A-Za-z0-9_]{0,127})")
_SHELL = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]{0,127})(?::?-[^{}]{0,256})?\}|\$([A-Z_][A-Z0-9_]{0,127})")
_TEMPLATE = re.compile(r"\$\{|\{\{|\$[A-Z_][A-Z0-9_]*|%[A-Za-z_][A-Za-z0-9_]{2,127}%|os\.environ/")
FILLED_IN = re.compile(r"\{\{-?\s*[^{}]{0,200}\.(?:Values|Release|Chart)\b")
"""What Helm fills in; other templates may be meant for the gateway, such as those of prompts."""
_DUMMY = re.compile(
    r"(?i)(?:sk[-_]|key[-_])?(?:1234[0-9]{0,6}|0000+|xxx+|none|null|nil|dummy|fake|empty|test|testing|anything|any"
    r"|local|ollama|vllm|lm[-_]?studio|llama\.?cpp|no[-_]?key|no[-_]?key[-_]required|not[-_]?(?:needed|used|required)"
    r"|noop|na|n/a|unused|placeholder|changeme|secret|string|key|mock(?:ed)?|no[-_]?auth(?:[-_]required)?"
    r"|ignored?|unneeded|no[-_]api[-_]key|disabled|false|bogus|example|foo(?:bar)?|(?:your|my)[-_]?(?:api[-_]?)?key)"
    r"(?:[-_]?(?:key|token|api[-_]?key|not[-_]needed|here))?"
)
_ELSEWHERE = re.compile(
    r"(?:/(?:app|etc|home|mnt|opt|root|run|secrets?|srv|tmp|usr|var)|\.{1,2})(?:/[A-Za-z0-9._-]{1,64}){1,16}"
    r"|oidc/[a-z_]{1,32}(?:/[A-Za-z0-9._:/-]{0,200})?"
)
"""Where LiteLLM reads a secret: a file, or a provider of tokens."""
_NAMES_SECRET = re.compile(
    r"(?i).*secret(?:_?password)?_?(?:name|key|ref)|existing_?secret|custom_(?:auth|sso).*"
)
"""Settings that name a Secret of Kubernetes, a key in it, or Python code."""
_ALSO_SECRET = frozenset(
    {"aws_access_key_id", "aws_secret_access_key", "aws_session_token", "vertex_credentials"}
)
"""Settings that hold credentials, whatever their names suggest."""
_COUNT = 10_000_000
_INFO = frozenset(schema_of("model")["$defs"]["modelInfo"]["properties"])

_BESIDE = re.compile(r"(?P<name>[A-Za-z0-9_.-]{1,64})[ \t]*[:=][ \t]*(?P<value>[^\s#]{1,300})")
_PROSE = re.compile(
    r"(?:[A-Za-z][a-z-]{0,20}|[0-9]{1,6}[kM]?),? +[A-Za-z]|(?:optional|required|none|yes|no)\b"
)
_POINTER = re.compile(r"os\.environ|\$|\{\{|<|\.\.\.|sk-\.\.\.")

Value = str | int | float | bool | dict[str, str] | None


class Variables:
    """Names variables for what must not be copied: one name per secret, and no name for two."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = {name.upper() for name in taken}
        self._names: dict[str, str] = {}

    def name(self, secret: str, owner: str, ending: str) -> str:
        """The variable for a secret, named after its first owner."""
        if secret not in self._names:
            base = wanted = variable_of(owner, ending)
            number = 1
            while wanted.upper() in self._taken or not _is_harmless(wanted):
                number += 1
                wanted = f"{base if _is_harmless(base) else 'MODEL_' + ending}_{number}"
            self._taken.add(wanted.upper())
            self._names[secret] = wanted
        return self._names[secret]


def _is_harmless(name: str) -> bool:
    """Whether a model may refer to a variable of this name."""
    return not (looks_like_key(name) or steers_process(name) or name.upper() in GATEWAY_MASTER_KEYS)


def named_variables(nodes: Iterable[Foreign]) -> Iterable[str]:
    """Every variable that a configuration refers to."""
    for node in nodes:
        for leaf in node.leaves():
            if isinstance(leaf.value, str):
                yield from (found[1] for found in _PYTHON.finditer(leaf.value))


def is_dummy(text: str) -> bool:
    """Whether a key is a placeholder: LiteLLM's clients require one even where the server does not."""
    return not text.strip() or _DUMMY.fullmatch(text.strip()) is not None or is_placeholder(text)


def is_key(text: str) -> bool:
    """Whether a text is itself a key, or holds one in its words."""
    return any(hit.certain for hit in scan(text)) or any(True for _ in spoken(text))


def is_secret(name: str, value: object) -> bool:
    """Whether a literal value must not be copied."""
    if isinstance(value, bool) or value is None or isinstance(value, float):
        return False
    if isinstance(value, int):
        return telling_key(name) and abs(value) >= _COUNT
    text = str(value)
    if (telling_key(name) or name in _ALSO_SECRET) and not (is_placeholder(text) or is_reference(text)):
        return True
    return is_key(text)


def is_reference(text: str) -> bool:
    """Whether a text says where a secret is, and holds none."""
    return _ELSEWHERE.fullmatch(text) is not None and not is_key(text)


def names_secret(name: str, text: str) -> bool:
    """Whether a setting holds the name of a secret or of code, and so none itself."""
    return _NAMES_SECRET.fullmatch(name) is not None and not is_key(text)


class Told(Enum):
    """What a comment says beside the names of secrets: nothing, no secret, perhaps one, or one."""

    NOTHING = "nothing"
    HARMLESS = "harmless"
    PROSE = "prose"
    SECRET = "secret"  # noqa: S105 - a kind of comment


def told(comment: str) -> Told:
    """What a comment says beside the names of secrets."""
    rest, found = comment, [match for match in _BESIDE.finditer(comment) if telling_key(match["name"])]
    kinds = set[Told]()
    for match in found:
        value = match["value"].strip("\"',;")
        rest = rest.replace(match[0], " ")
        if is_dummy(value) or _POINTER.match(value) or is_reference(value):
            kinds.add(Told.HARMLESS)
        else:
            kinds.add(Told.PROSE if _PROSE.match(comment, match.start("value")) else Told.SECRET)
    if is_key(rest) or any(hit.certain for hit in scan(comment)):
        return Told.SECRET
    order = (Told.SECRET, Told.PROSE, Told.HARMLESS)
    return next((kind for kind in order if kind in kinds), Told.NOTHING)


class Values:
    """Converts values, and notes those that cannot be kept as they are."""

    def __init__(self, ledger: Ledger, variables: Variables) -> None:
        self._ledger = ledger
        self._variables = variables
        self.moved: dict[str, str] = {}

    def key(self, node: Foreign, owner: str) -> dict[str, str] | None:
        """A reference for an `api_key` that is set; None for a placeholder."""
        value = node.value
        what = f"api_key of {quote(owner)}"
        if isinstance(value, str):
            if is_dummy(value) and not _TEMPLATE.search(value):
                self._ledger.note(NoteKind.CHANGED, node, what, "a placeholder, not a key: left out")
                return None
            reference = self._reference(node, "api_key", owner)
            if reference is not None:
                return reference
        if node.entries or node.items:
            self._ledger.note(NoteKind.SUSPICIOUS, node, what, "LiteLLM expects text here")
            return None
        return self.secret(node, "api_key", owner)

    def setting(self, node: Foreign, name: str, owner: str) -> Value:
        """Any other single value; None where nothing is written."""
        value = node.value
        if value is None:
            self._ledger.carried(node)
            return None
        reference = self._reference(node, name, owner) if isinstance(value, str) else None
        if reference is not None:
            return reference
        kind = NoteKind.DIFFERENT
        if not isinstance(value, str | int | float):
            why = "a list or mapping; connection settings (params) are single values"
        elif value == "":
            kind, why = NoteKind.CHANGED, "empty: left out"
        elif isinstance(value, str) and telling_key(name) and is_dummy(value):
            kind, why = NoteKind.CHANGED, "a placeholder, not a secret: left out"
        elif is_secret(name, value):
            return self.secret(node, name, owner)
        elif isinstance(value, str) and not is_visible(value):
            why = "it contains invisible characters"
        else:
            self._ledger.carried(node)
            return value
        self._ledger.note(kind, node, f"{quote(name)} of {quote(owner)}", why)
        return None

    def _reference(self, node: Foreign, name: str, owner: str) -> dict[str, str] | None:
        text = str(node.value).strip()
        what = f"{quote(name)} of {quote(owner)}"
        python, shell = _PYTHON.fullmatch(text), _SHELL.fullmatch(text)
        found = python or shell
        variable = "" if found is None else found[1] or found[2]
        if found is not None and looks_like_key(variable):
            return self.secret(node, name, owner)
        if python:
            self._ledger.carried(node)
        elif shell:
            why = f"LiteLLM does not expand ${{…}} and would send it as is; taken as os.environ/{variable}"
            self._ledger.note(NoteKind.SUSPICIOUS, node, what, why)
        elif _TEMPLATE.search(text):
            variable = self._variables.name(text, owner, variable_of(name, "").strip("_"))
            why = (
                f"a template or variable inside text, which LiteLLM would send as is; set {variable} instead"
            )
            if FILLED_IN.search(text):
                why = f"a template of Helm: render it first (helm template NAME CHART), or set {variable} instead"
            self._ledger.note(NoteKind.SUSPICIOUS, node, what, why)
        else:
            return None
        return {"env": variable}

    def move(self, node: Foreign, name: str, text: str, owner: str) -> dict[str, str]:
        """A variable in place of a value that the operator of the gateway must decide."""
        variable = self._variables.name(text, owner, variable_of(name, "").strip("_"))
        self.moved[variable] = text
        why = f"a model must not decide it: set {variable} in the gateway's environment to the same value"
        self._ledger.remark(NoteKind.BREAKS, node.spot, f"{quote(name)} of {quote(owner)}", why)
        return {"env": variable}

    def secret(self, node: Foreign, name: str, owner: str) -> dict[str, str]:
        """A variable in place of a value that must not be copied."""
        variable = self._variables.name(str(node.value), owner, variable_of(name, "").strip("_"))
        why = f"written out here: rotate it, and set the new one as {variable} in the gateway's environment"
        self._ledger.note(NoteKind.SECRET, node, f"{quote(name)} of {quote(owner)}", why)
        return {"env": variable}


def plain(node: Foreign) -> object:
    """The value of a node with everything in it."""
    if node.entries:
        return {name: plain(entry) for name, entry in node.entries.items()}
    return [plain(item) for item in node.items] if node.items else node.value


def may_be_copied(value: object) -> bool:
    """Whether nothing in a value is a key, a template, or unseen."""
    match value:
        case dict():
            return all(may_be_copied(name) and may_be_copied(item) for name, item in value.items())
        case list():
            return all(map(may_be_copied, value))
        case str():
            return is_visible(value) and not is_key(value) and not _TEMPLATE.search(value)
        case _:
            return value is not None


def is_told(name: str, node: Foreign) -> bool:
    """Whether an entry of `model_info` is a field of a model's own `model_info`."""
    value = node.value
    return (
        name in _INFO
        and isinstance(value, str | int | float)
        and may_be_copied(value)
        and not check({"model_info": {name: value}}, "defaults")
    )


def is_visible(text: str) -> bool:
    """Whether every character of a text is visible, apart from newlines and tabs."""
    return all(c.isprintable() or c in "\n\t" for c in text)
