"""Names of environment variables, told from the keys that they hold."""

import re

from modelspec.refusal import Refusal
from modelspec.secret import looks_like_key

_NAME = re.compile(r"[A-Za-z0-9_]{1,128}")


def reference_to_variable(name: str) -> dict[str, str] | Refusal:
    """`{env: NAME}`; what looks like a key itself is refused and never shown."""
    if looks_like_key(name) or not _NAME.fullmatch(name):
        return Refusal(
            message="this is no name of an environment variable; a key itself is never written into the repository",
            help="name the variable of the gateway that holds the key, such as MISTRAL_API_KEY; if it was a key, "
            "revoke it: the shell's history has it now",
        )
    return {"env": name}
