"""What names of keys and environment variables give away, and hiding in a text what they tell of.

What a file may show is decided by its tree, in `load/redact.py`; this is for a message, a note, a command line.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from modelspec.secret.patterns import dense, drawn, words
from modelspec.secret.scan import is_placeholder, scan

_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_ENDINGS = tuple(
    words("password passwd passphrase secret apikey accesskey privatekey secretkey authtoken accesstoken")
)
_WORDS = words(
    "passcode pw passwords pwd secret secrets token credential credentials cred creds auth authorization bearer "
    "userpass"
)
_KEYS = words(
    "api access private secret account master signing encryption shared subscription service auth session "
    "storage salt function admin license hmac"
)
"""In front of `key`, these make it a secret; `public_key`, `sort_key` and `key` alone are none."""
_TOKENS = words("access api auth bearer refresh session secret id bot personal")
"""In front of `tokens`; any other plural counts pieces of text."""
_PIECES = words(
    "max min input output total num number count prompt completion eos bos pad unk mask sep cls stop start "
    "end begin special image audio video budget cached cache per context thinking reasoning think first last "
    "next one each every single new draft visual vision text chat tool system user assistant role separator "
    "fim price cost usd"
)
"""In front of `token`, these make it a piece of text."""
_NEUTRAL = words(
    "value values prod production dev development stage staging test live primary secondary backup old new "
    "current default literal raw plain plaintext text string str base64 b64 main global"
)
"""Behind a telling word these change nothing: `password_prod`."""
REVOKE = "if a key was written here, revoke it"
"""Whatever is refused as a reference may be what it was to stand for."""
_REGION_LENGTH = 2
_SHORTEST_KEY = 16
_SHORT = frozenset(("id", "pw"))

GATEWAY_MASTER_KEYS = words("""
    LITELLM_MASTER_KEY LITELLM_SALT_KEY LITELLM_LICENSE PROXY_MASTER_KEY DATABASE_URL DATABASE_PASSWORD
    DIRECT_URL REDIS_URL REDIS_PASSWORD UI_PASSWORD UI_USERNAME
    """)
"""What opens the gateway or its stores: https://docs.litellm.ai/docs/proxy/config_settings (environment variables)."""

STEERING_VARIABLES = words(
    "LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT DYLD_INSERT_LIBRARIES DYLD_LIBRARY_PATH PYTHONPATH PYTHONHOME "
    "PYTHONSTARTUP GIT_SSH_COMMAND "
    "PATH IFS ENV BASH_ENV SHELL SHELLOPTS BASHOPTS PS4 PROMPT_COMMAND CDPATH GLOBIGNORE HOME USER LOGNAME "
    "PWD OLDPWD TMPDIR TMP TEMP LANG LANGUAGE TZ TERM EDITOR VISUAL PAGER BROWSER HTTP_PROXY HTTPS_PROXY "
    "ALL_PROXY FTP_PROXY NO_PROXY SSL_CERT_FILE SSL_CERT_DIR SSLKEYLOGFILE REQUESTS_CA_BUNDLE CURL_CA_BUNDLE "
    "CURL_HOME NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS NODE_TLS_REJECT_UNAUTHORIZED PERL5LIB PERL5OPT "
    "PERLLIB PERL5DB RUBYLIB RUBYOPT CLASSPATH JAVA_TOOL_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS MALLOC_CONF "
    "MALLOC_ARENA_MAX HOSTALIASES RES_OPTIONS LOCALDOMAIN NLSPATH GCONV_PATH GETCONF_DIR LOCPATH "
    "RESOLV_HOST_CONF VIRTUAL_ENV KUBECONFIG DOCKER_HOST DOCKER_CONFIG AWS_CONFIG_FILE "
    "AWS_SHARED_CREDENTIALS_FILE AWS_CA_BUNDLE GOPATH GOROOT GOFLAGS GODEBUG"
)
STEERING_PREFIXES = tuple(
    words("""
    LD_ DYLD_ PYTHON GIT_ BASH_FUNC_ PIP_ UV_ NPM_CONFIG_ GLIBC_ LC_ OPENSSL_ KUBERNETES_SERVICE_ UVICORN_
    GUNICORN_
    """)
)


@lru_cache(maxsize=4096)
def telling_key(key: str) -> bool:
    """Whether the name of a key says that a secret stands beside it, in snake, kebab, camel or dotted spelling."""
    parts = [part.lower() for part in _PART.findall(key)]
    while parts and _changes_nothing(parts[-1], first=len(parts) == 1):
        parts.pop()
    if not parts:
        return False
    before = parts[-2] if len(parts) > 1 else ""
    match parts[-1]:
        case "key" | "keys":
            return before in _KEYS
        case "pass":
            return before != ""
        case "token":
            return before not in _PIECES
        case "tokens":
            return before in _TOKENS
        case last:
            return last in _WORDS or last.removesuffix("s").endswith(_ENDINGS)


def _changes_nothing(part: str, *, first: bool) -> bool:
    """Numbers, regions (`password_eu`) and such words."""
    short = len(part) <= _REGION_LENGTH and part not in _SHORT and not first
    return part in _NEUTRAL or part.isdigit() or short


@lru_cache(maxsize=4096)
def looks_like_key(name: str) -> bool:
    """Whether the name of an environment variable is a key itself, put where its name belongs."""
    if any(hit.certain for hit in scan(name)):
        return True
    if any(_is_number(part) or dense(part) or _is_coded(part) for part in _SEPARATORS.split(name)):
        return True
    if _HEX.fullmatch(name) and len(name) >= _SHORTEST_HEX:  # a UUID with `_` for `-`
        return True
    mixed = (
        any(c.islower() for c in name) and any(c.isupper() for c in name) and any(c.isdigit() for c in name)
    )
    return mixed and len(name) >= _SHORTEST_KEY and drawn(name)


_SEPARATORS = re.compile(r"[^A-Za-z0-9]+")
_HEX = re.compile(r"_*(?=[^0-9]*[0-9])[0-9A-Fa-f]+(?:[_-][0-9A-Fa-f]+)*")
_SHORTEST_HEX = 24
_RUN = re.compile(r"[A-Z]+|[a-z]+|[0-9]+")
_SHORTEST_PART = 16
_MOST_RUNS = 6


def _is_number(part: str) -> bool:
    """Hexadecimal digits that no word is made of, or as many decimal ones as no account has."""
    if len(part) < _SHORTEST_PART:
        return False
    if part.isdigit():
        return len(part) >= _SHORTEST_HEX
    return _HEX.fullmatch(part) is not None


def _is_coded(part: str) -> bool:
    """Whether letters of one case and digits alternate as in base32: `GPT4O` and `LLAMA3P1` do less."""
    return len(part) >= _SHORTEST_PART and len(_RUN.findall(part)) >= _MOST_RUNS and drawn(part)


IDENTITY_FOLDERS = words("""
    kubernetes.io serviceaccount
      https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
    eks.amazonaws.com pods.eks.amazonaws.com
      https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html
    azure-identity
      https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html
    gcp-ksa
      https://cloud.google.com/kubernetes-engine/fleet-management/docs/use-workload-identity
    spiffe.io csi.spiffe.io spire spire-agent
      https://spiffe.io/docs/latest/deploying/spire_agent/
    workload-spiffe-uds workload-spiffe-credentials credential-uds
      https://istio.io/latest/docs/ops/integrations/spire/
    ack.alibabacloud.com rrsa-tokens
      https://www.alibabacloud.com/help/en/ack/ack-managed-and-ack-dedicated/user-guide/use-rrsa-to-authorize-pods
    cloud.tencent.com
      https://www.tencentcloud.com/document/product/457
    codeengine.cloud.ibm.com compute-resource-token
      https://github.com/IBM/go-sdk-core/blob/main/Authentication.md
    vaultproject.io .vault-token
      https://developer.hashicorp.com/vault/docs/commands/token-helper
    nomad_token
      https://developer.hashicorp.com/nomad/docs/concepts/workload-identity
    """)
"""Parts of the paths at which platforms mount the identity of a workload, each with its page below."""
_IDENTITY_FILE = re.compile(
    r"(?:(?:.*[-_.])?(?:identity|federated|oidc|ksa|service-?account|istio|spiffe|spire|rrsa|irsa|nomad)|id|sa|vault)"
    r"[-_.]?(?:token|jwt|svid)s?(?:\.jwt|\.txt)?"
    r"|(?:jwt|x509)?[-_.]?svid(?:[-_.]?key)?(?:\.\w+)?"
)
"""The last part of such a path, wherever it is mounted: `aws-web-identity-token`, `svid_key.pem`."""
_SERVICE_ACCOUNT = words("service-account serviceaccount service_account identity")
_SERVICE_ACCOUNT_FILES = words("token ca.crt namespace")
_TOKEN_SECRET = re.compile(r".+-token-[bcdfghjklmnpqrstvwxz2456789]{5}")
"""The Secrets of service accounts: https://kubernetes.io/docs/concepts/configuration/secret/#serviceaccount-token-secrets."""
VAULT_OWN = words("auth sys identity cubbyhole")
"""What Vault keeps for itself: https://developer.hashicorp.com/vault/docs/secrets."""


def is_identity_token(kind: str, target: str) -> bool:
    """Whether a reference in its normal form leads to what proves the gateway's own identity, not to a key."""
    parts = re.split(r"[/#]", target.lower().removeprefix("/"))
    last, before = parts[-1], parts[-2:-1]
    match kind:
        case "file":
            if not IDENTITY_FOLDERS.isdisjoint(parts) or _IDENTITY_FILE.fullmatch(last):
                return True
            if last in _SERVICE_ACCOUNT_FILES and not _SERVICE_ACCOUNT.isdisjoint(before):
                return True
            return "azure" in parts and before == ["tokens"]
        case "kubernetes":
            return last in _SERVICE_ACCOUNT_FILES and any(map(_TOKEN_SECRET.fullmatch, before))
        case "vault":
            return parts[0] in VAULT_OWN
        case _:
            return False


def steers_process(name: str) -> bool:
    """Whether an environment variable changes how programs start, load code, or reach the network.

    From ld.so(8), dyld(1), bash(1), git(1), curl(1), the command-line pages of Python, Node.js, Perl, Ruby and
    Java, and the list of variables that sudo removes (its env.c, `initial_badenv_table`).
    """
    upper = name.upper()
    return upper in STEERING_VARIABLES or upper.startswith(STEERING_PREFIXES)


_PLACES = {
    "env": re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}"),
    "file": re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._@-]+){2,}"),
    "vault": re.compile(
        r"(?!\.{1,2}[/#])[A-Za-z0-9._@:-]+(?:/(?!\.{1,2}[/#])[A-Za-z0-9._@:-]+)*#[A-Za-z0-9._@-]+"
    ),
    "secret": re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*"),
    "key": re.compile(r"[A-Za-z0-9._-]{1,253}"),
}
_DIVIDERS = re.compile(r"[/#:]")


def names_place(kind: str, text: str) -> bool:
    """Whether a text below `env`, `file`, `vault` or, in `kubernetes`, `secret` and `key` names the place of a secret.

    What may be the secret itself does not.
    """
    form = _PLACES.get(kind)
    return (
        form is not None
        and form.fullmatch(text) is not None
        and not any(map(looks_like_key, _DIVIDERS.split(text)))
    )


Range = tuple[int, int]

_PAIR = re.compile(
    r"(?<![\w.-])(?P<key>[\w.-]++(?: [\w.-]++){0,2}?)[\"']?[ \t]*(?P<sign>[:=])[ \t]*(?:\r?\n[ \t]*)?"
    r"(?:(?i:bearer|basic|token)[ \t]+)?"
    r"(?P<value>\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*+'|\[[^\]\n]*+\]?|\{[^}\n]*+\}*|[^\s\"'&;,{}\[\]]++)"
    r"(?P<prose>[ \t]+[A-Za-z])?"
)
_USER = re.compile(r"://(?!(?:[a-z][a-z_.-]{0,15})[:@])([^\s/?#@:\"'<>]+)(?=:?[^\s/?#@\"'<>]*@)")
"""The user name of a URL, unless it is a plain word: tokens are often written there."""
_WORD = re.compile(r"[A-Za-z]?[a-z]*[.,]?")
_REFERENCE = re.compile(r"\{[ ]*(?:env|file|vault|kubernetes)[ ]*:[^\[\]]*\}")
_HARMLESS = re.compile(r"(?i:true|false|null|~|[0-9]{1,7}|[0-9]{0,5}\.[0-9]{1,5}|os\.environ/[a-z0-9_]*|)")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z_-]{0,40}")
_VISIBLE = re.compile(r"[^\s\x00-\x1f\x7f-\x9f]")


def mask(text: str) -> str:
    """The text with every secret, and every value behind a telling key, replaced by as many `*`.

    Lines and columns stay what they were.
    """
    return covered(text, [*known(text), *spoken(text)])


def covered(text: str, ranges: list[Range]) -> str:
    """The text with `*` for every visible character of the ranges, which may overlap."""
    parts: list[str] = []
    done = 0
    for start, end in sorted(ranges):
        if end > done:
            parts += (text[done : max(start, done)], _VISIBLE.sub("*", text[max(start, done) : end]))
            done = end
    return "".join((*parts, text[done:]))


def known(text: str) -> Iterator[Range]:
    """What is a secret by its own form."""
    return ((hit.start, hit.end) for hit in scan(text))


def spoken(text: str) -> Iterator[Range]:
    """Values behind telling keys in words, `password: X`, `api_key=X`, but no word of a sentence; users of URLs."""
    if "@" in text:
        yield from (match.span(1) for match in _USER.finditer(text))
    place = 0
    while match := _PAIR.search(text, place):
        place = match.end("key") + 1
        (start, end), said = match.span("value"), match["value"]
        if not telling_key(match["key"]) or is_harmless(said.strip("[]")) or _REFERENCE.fullmatch(said):
            continue
        if match["sign"] == ":" and match["prose"] and _WORD.fullmatch(match["value"]):
            continue
        yield start, end
        place = end


def is_plain_key(key: str) -> bool:
    """Whether a key below a telling one is a word, as `user` is, and not itself what must not be shown."""
    return _PLAIN_KEY.fullmatch(key) is not None


_NAMES = re.compile(r"[A-Z0-9_]*|[a-z0-9_ ./-]*|[a-z]+\.[A-Za-z_]+|[A-Za-z]?[a-z]*(?:[ _-][A-Za-z]?[a-z]*)*")
"""What stands between the brackets of a placeholder: the name of a variable, or words."""


def is_harmless(value: str) -> bool:
    """Whether a value says nothing, whatever key it stands beside; brackets alone hide no password."""
    value = value.strip().strip("\"'")
    if is_placeholder(value):
        return value[0:1] not in "<[$%{" or _NAMES.fullmatch(value.strip("<>[]${}% ")) is not None
    return _HARMLESS.fullmatch(value) is not None
