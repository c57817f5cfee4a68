"""What names of keys and environment variables give away."""

import re
from functools import lru_cache

from modelspec.secret.patterns import dense, drawn, words
from modelspec.secret.scan import scan

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
_REGION_LENGTH = 2
_SHORTEST_KEY = 16
_SHORT = frozenset(("id", "pw"))

GATEWAY_MASTER_KEYS = words("""
    LITELLM_MASTER_KEY LITELLM_SALT_KEY LITELLM_LICENSE PROXY_MASTER_KEY DATABASE_URL DATABASE_PASSWORD
    DIRECT_URL REDIS_URL REDIS_PASSWORD UI_PASSWORD UI_USERNAME
    """)
"""What opens the gateway or its stores: https://docs.litellm.ai/docs/proxy/config_settings (environment variables)."""

_STEERING = words(
    "PATH IFS ENV BASH_ENV SHELL SHELLOPTS BASHOPTS PS4 PROMPT_COMMAND CDPATH GLOBIGNORE HOME USER LOGNAME "
    "PWD OLDPWD TMPDIR TMP TEMP LANG LANGUAGE TZ TERM EDITOR VISUAL PAGER BROWSER HTTP_PROXY HTTPS_PROXY "
    "ALL_PROXY FTP_PROXY NO_PROXY SSL_CERT_FILE SSL_CERT_DIR SSLKEYLOGFILE REQUESTS_CA_BUNDLE CURL_CA_BUNDLE "
    "CURL_HOME NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS NODE_TLS_REJECT_UNAUTHORIZED PERL5LIB PERL5OPT "
    "PERLLIB PERL5DB RUBYLIB RUBYOPT CLASSPATH JAVA_TOOL_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS MALLOC_CONF "
    "MALLOC_ARENA_MAX HOSTALIASES RES_OPTIONS LOCALDOMAIN NLSPATH GCONV_PATH GETCONF_DIR LOCPATH "
    "RESOLV_HOST_CONF VIRTUAL_ENV KUBECONFIG DOCKER_HOST DOCKER_CONFIG AWS_CONFIG_FILE "
    "AWS_SHARED_CREDENTIALS_FILE AWS_CA_BUNDLE GOPATH GOROOT GOFLAGS GODEBUG"
)
_STEERING_PREFIXES = tuple(
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
    if any(dense(part) for part in name.split("_")):
        return True
    mixed = (
        any(c.islower() for c in name) and any(c.isupper() for c in name) and any(c.isdigit() for c in name)
    )
    return mixed and len(name) >= _SHORTEST_KEY and drawn(name)


def steers_process(name: str) -> bool:
    """Whether an environment variable changes how programs start, load code, or reach the network.

    From ld.so(8), dyld(1), bash(1), git(1), curl(1), the command-line pages of Python, Node.js, Perl, Ruby and
    Java, and the list of variables that sudo removes (its env.c, `initial_badenv_table`).
    """
    upper = name.upper()
    return upper in _STEERING or upper.startswith(_STEERING_PREFIXES)
