"""Query parameters whose names tell that they hold a key."""

import re
from urllib.parse import unquote_plus

_PAIRS = re.compile(r"[&;]")
_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+")
_TELLING = frozenset(
    {
        "accesskey",
        "accesstoken",
        "apikey",
        "auth",
        "authorization",
        "authtoken",
        "awsaccesskeyid",
        "bearer",
        "clientsecret",
        "code",  # Azure Functions: the function key
        "cred",
        "credential",
        "credentials",
        "jwt",
        "key",
        "passphrase",
        "passwd",
        "password",
        "pwd",
        "sas",
        "secret",
        "sig",  # Azure storage: shared access signatures
        "signature",  # X-Amz-Signature, X-Goog-Signature
        "token",
    }
)


def has_key(query: str) -> bool:
    """Whether a parameter is named as a key, in any of `api_key`, `api-key`, `apiKey`, `API%5FKEY`."""
    for pair in _PAIRS.split(query):
        name = unquote_plus(pair.partition("=")[0])
        words = {word.lower() for word in _WORDS.findall(name)}
        if not _TELLING.isdisjoint(words | {"".join(c for c in name.lower() if c.isalnum())}):
            return True
    return False
