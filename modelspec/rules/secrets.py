"""Secrets where only references belong: MS501, MS502 and MS513."""

import re
from collections.abc import Iterator
from functools import lru_cache

from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.rule import Finding, Rule, Scope, rule
from modelspec.rules import references
from modelspec.rules.examples import model
from modelspec.secret import Hit, is_placeholder, is_suspect_name, mask, scan, suspect, telling_key
from modelspec.secret.patterns import drawn
from modelspec.secret.view import NAMING, VALUED
from modelspec.text.document import Document, ListNode, MapNode, Node, Place, Pointer, ScalarNode
from modelspec.text.quote import quote
from modelspec.text.source import START, Span

_ATLAS = model(region="eu", endpoint="https://api.atlas.example/v1")
REFERENCE = (
    "{env: NAME}, {file: /run/secrets/NAME}, {vault: path#key} or {kubernetes: {secret: NAME, key: NAME}}"
)
_COUNT = 10_000_000
"""Whole numbers below it are counts and limits."""
_SMALL_NUMBER = re.compile(r"[0-9]{1,7}|[0-9]{0,7}\.[0-9]{1,7}")
_METHOD_NAMES = (
    "required optional oauth oauth2 oidc saml basic bearer digest jwt api_key api-key apikey key token "
    "header iam mtls tls aws azure gcp google adc kerberos ldap sso env environment file vault kubernetes "
    "anonymous public internal enabled disabled yes no on off true false managed_identity "
    "workload_identity service_account"
)
_METHODS = frozenset(_METHOD_NAMES.split())
_METHOD_KEY = re.compile(r"(?i:auth|authorization|bearer|credentials?|creds?|tokens?)(?:_type)?")
_ENVIRONMENT_PREFIX = "os.environ/"
_REFERENCES = frozenset({"env", "file", "vault", "kubernetes"})
_PASSWORD = re.compile(r"\S{8,256}")
_ORDINARY = re.compile(
    r"://|\A(?:[/~]|arn:)|\A[0-9a-fA-F-]{8,}\Z|\A[\w.+-]+@[\w-]+\.[\w.]+\Z|\A[vV]?\d+(?:[.:T+-]\w+)*Z?\Z"
)
"""URLs, paths, names of cloud resources, addresses, versions and times."""
_SIGN = re.compile(r"[!$%^&*?~|<>\\`';]")
"""What names, addresses and versions do not have."""
_SHORT = 2
_SHORT_WORDS = frozenset({"id", "ip", "os", "az", "to", "by", "in", "on", "no", "ca"})
_DESCRIBING = frozenset({"default", "const", "enum", "examples"})
"""Keywords of a JSON Schema that hold a value; the others below a telling name describe one."""


@rule(
    "MS501",
    Severity.ERROR,
    Scope.TEXT,
    bad=_ATLAS
    + """\
api_key: {env: ATLAS_API_KEY}
metadata:
  note: until Friday use sk-not0A1real2Key3for4Docs5
""",
    good=_ATLAS
    + """\
api_key: {env: ATLAS_API_KEY}
metadata:
  note: until Friday ask the platform team for a key
""",
)
def no_literal_secret(document: Document) -> Iterator[Finding]:
    """A file contains a secret.

    A committed secret can be read by anyone who can clone the repository, permanently: deleting the line does not
    remove it from the history. Keys are recognised by the formats of their issuers (API keys of model providers,
    access keys of clouds, tokens of forges and chats, JSON Web Tokens, private keys, passwords in URLs), anywhere
    in the file: values, keys, comments, URLs, behind escapes, across lines, and in one level of base64.
    Placeholders such as `sk-...` are not secrets.

    Revoke the key first, then replace it with a reference to the new one.
    """
    for span, hit in _certain(document):
        yield Finding(
            place=Place(path=document.source.path, span=span),
            message=f"a secret is written in this file: {hit.kind}",
            label="must not be in a repository",
            help=f"revoke it, since the history keeps it; then reference the new one: {REFERENCE}",
        )


@rule(
    "MS502",
    Severity.ERROR,
    Scope.TEXT,
    bad=_ATLAS
    + """\
params:
  client_secret: correct horse
""",
    good=_ATLAS
    + """\
params:
  client_secret: {env: ATLAS_CLIENT_SECRET}
""",
)
def no_value_beside_a_telling_key(document: Document) -> Iterator[Finding]:
    """A key that names a secret has a literal value.

    Passwords and home-made tokens have no recognisable format, but their keys do:
    `password`, `token`, `client_secret`, `api_key` and the like, in any spelling, and as values of other keys,
    as in `{name: DB_PASSWORD, value: …}`. What is meant are the value, the items of its lists, and in its mappings what
    stands at `value` and the like or looks like a password. Booleans, small numbers,
    references and plain placeholders (`<your key>`, `changeme`) are allowed; similar words
    (`max_tokens`, `public_key`, `secret_name`) are not affected.

    If the value is not a secret, rename the key.
    """
    for pointer, key in _literals(document):
        yield Finding(
            place=Place(path=document.source.path, pointer=pointer),
            message=f"{quote(mask(key))} has a literal value",
            label="a secret by its name",
            help=f"write a reference to the secret: {REFERENCE}; if it is not a secret, rename the key",
        )


@rule(
    "MS521",
    Severity.ERROR,
    Scope.TEXT,
)
def no_secret_in_a_path(document: Document) -> Iterator[Finding]:
    """The name of a file or folder contains a secret.

    Names of files are in the history like their text, and in every listing, link and report besides.

    Revoke the key first, then rename the file.
    """
    path = document.source.path
    if is_suspect_name(path):
        for hit in [hit for hit in scan(path) if hit.certain][:1]:
            yield Finding(
                place=Place(path=path),
                message=f"a secret is the name of this file or of a folder around it: {hit.kind}",
                help="revoke it, since the history keeps it; then rename the file",
            )


@rule(
    "MS513",
    Severity.WARNING,
    Scope.TEXT,
    bad=_ATLAS
    + """\
metadata:
  note: pq7Rw2Lk9Zt4Xc8Vb3Nm6Hd1Jf5Gs0Ya
""",
    good=_ATLAS
    + """\
metadata:
  digest: sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
""",
)
def no_random_text(document: Document) -> Iterator[Finding]:
    """A long random string may be a secret.

    It matches no known issuer, but few things other than keys look like it.
    Digests, UUIDs, public keys, certificates and embedded files are recognised and not reported.

    If it is a secret, revoke it and reference the new one. If not, add a comment: `# modelspec: ignore[MS513] what it
    is`.
    """
    text = document.source.text
    if not suspect(text):
        return
    known = [document.span(pointer) for pointer, _ in _literals(document)]
    known += [span for span, _ in _certain(document)]
    for hit in _scanned(text):
        span = document.source.span(hit.start, hit.end)
        if not hit.certain and not any(map(span.overlaps, known)):
            yield Finding(
                place=Place(path=document.source.path, span=span),
                message="a long random string may be a secret",
                help=f"if it is, revoke it and write {REFERENCE}; if not, explain it in an ignore comment",
            )


def secrets_in(document: Document) -> Iterator[tuple[str, Finding, Span]]:
    """The secrets of a JSON Schema, with their codes and spans; what describes a value is none."""
    for finding in _check_of(no_literal_secret, document):
        yield "MS501", finding, finding.place.span or START
    for finding in _check_of(no_value_beside_a_telling_key, document):
        pointer = finding.place.pointer
        if not _DESCRIBING.isdisjoint(map(str, pointer[-2:])) or "properties" not in pointer:
            yield "MS502", finding, document.span(pointer)


def _check_of(checked: Rule, document: Document) -> Iterator[Finding]:
    assert checked.check is not None
    return checked.check(document)


@lru_cache(maxsize=2)
def _scanned(text: str) -> tuple[Hit, ...]:
    """Three rules look at the same text in turn."""
    return tuple(scan(text))


def _certain(document: Document) -> list[tuple[Span, Hit]]:
    """Every certain hit, of the text and of values and keys that are written otherwise than they read."""
    source = document.source
    if not suspect(source.text):
        return []
    found = [(source.span(hit.start, hit.end), hit) for hit in _scanned(source.text) if hit.certain]
    for span, value in document.texts():
        if (
            not isinstance(value, str)
            or value in source.slice(span)
            or any(span.overlaps(other) for other, _ in found)
        ):
            continue
        found += [(span, hit) for hit in scan(value)[:1] if hit.certain]
    return found


def _literals(document: Document) -> list[tuple[Pointer, str]]:
    """The pointers of literal values beside telling keys, with the keys, but for values that are certain hits."""
    if document.root is None:
        return []
    known = list(_literals_below((), document.root))
    if not known:
        return []
    certain = [span for span, _ in _certain(document)]
    return [(p, key) for p, key in known if not any(document.span(p).overlaps(span) for span in certain)]


def _literals_below(pointer: Pointer, node: Node) -> Iterator[tuple[Pointer, str]]:
    if isinstance(node, ListNode):
        for position, item in enumerate(node.items):
            yield from _literals_below((*pointer, position), item)
    if not isinstance(node, MapNode):
        return
    # {kubernetes: {secret: NAME, key: NAME}} names a secret and holds none.
    named = pointer[-1:] == ("kubernetes",) and node.entries.keys() <= {"secret", "key"}
    other = _name_in(node)
    for name, entry in node.entries.items():
        here = (*pointer, name)
        telling = name if telling_key(name) else other if name.casefold() in VALUED else None
        if telling and not named and not _is_api_key(here):
            yield from _literals_of(here, telling, entry.node, is_direct=True)
        yield from _literals_below(here, entry.node)


def _name_in(node: MapNode) -> str | None:
    """The name of a secret that a mapping holds as a value: `{name: DB_PASSWORD, value: X}`."""
    for name, entry in node.entries.items():
        said = entry.node.value if isinstance(entry.node, ScalarNode) else None
        if name.casefold() in NAMING and isinstance(said, str) and telling_key(said):
            return said
    return None


def _literals_of(pointer: Pointer, key: str, node: Node, *, is_direct: bool) -> Iterator[tuple[Pointer, str]]:
    """The literals below a telling key: itself, what lists in it hold, and what its mappings call a value.

    Of other keys in a mapping (`type`, `user`, `rotation`), only what looks like a password counts.
    """
    match node:
        case ScalarNode(value=value):
            if _is_literal(key, value) and (is_direct or _looks_like_password(value)):
                yield pointer, key
        case ListNode(items=items):
            for position, item in enumerate(items):
                yield from _literals_of((*pointer, position), key, item, is_direct=is_direct)
        case MapNode(entries=entries):
            for name, entry in entries.items():
                if name not in _REFERENCES and not telling_key(name):
                    lower = name.casefold()
                    direct = lower in VALUED or (len(lower) <= _SHORT and lower not in _SHORT_WORDS)
                    yield from _literals_of((*pointer, name), key, entry.node, is_direct=direct)


def _looks_like_password(value: object) -> bool:
    """Whether letters, digits and signs are mixed as in no name, address or version."""
    if not isinstance(value, str) or not _PASSWORD.fullmatch(value) or _ORDINARY.search(value):
        return False
    mixed = any(map(str.isalpha, value)) and any(map(str.isdigit, value))
    return mixed and (_SIGN.search(value) is not None or drawn(value))


def _is_api_key(pointer: Pointer) -> bool:
    """The schema speaks of literal values there."""
    match pointer:
        case ("api_key",) | ("deployments", int(), "api_key"):
            return True
        case _:
            return False


def _is_literal(key: str, value: object) -> bool:
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, int):
        return abs(value) >= _COUNT
    if not isinstance(value, str) or is_placeholder(value) or _SMALL_NUMBER.fullmatch(value):
        return False
    if value.startswith(_ENVIRONMENT_PREFIX):
        return False
    return not (_METHOD_KEY.fullmatch(key.rpartition(".")[2]) and value.casefold() in _METHODS)


RULES: tuple[Rule, ...] = (
    no_literal_secret,
    no_value_beside_a_telling_key,
    *references.RULES,
    no_random_text,
    no_secret_in_a_path,
)
