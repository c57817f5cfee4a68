"""Names of other programs as ids of ours."""

import re
import unicodedata

_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._:@/~+-]*[A-Za-z0-9])?(?:/\*)?")
_BAD_PART = re.compile(r"(?:^|/)\.{0,2}(?:/|$)")
_ODD = re.compile(r"[^A-Za-z0-9._:@/~+-]+")
_EDGE = re.compile(r"^[^A-Za-z0-9]+|[^A-Za-z0-9]+$")
_LONGEST = 128
_VARIABLE = re.compile(r"[^A-Z0-9]+")


def is_legal(name: str) -> bool:
    """Whether a name can be a model_id as it is."""
    return len(name) <= _LONGEST and _ID.fullmatch(name) is not None and not _BAD_PART.search(name)


def is_pattern(name: str) -> bool:
    """Whether a name stands for many."""
    return "*" in name


def legal_id(name: str) -> str:
    """The nearest legal id: letters without their marks, `-` for what an id cannot hold; empty if nothing is left."""
    if is_legal(name):
        return name
    wildcard = "/*" if name.endswith("/*") else ""
    text = unicodedata.normalize("NFKD", name.removesuffix("/*")).encode("ascii", "ignore").decode()
    parts = [_EDGE.sub("", _ODD.sub("-", part)) for part in text.split("/")]
    text = "/".join(part for part in parts if part)[: _LONGEST - len(wildcard)]
    text = _EDGE.sub("", text)
    return text + wildcard if text else ""


def variable_of(text: str, ending: str) -> str:
    """The name of an environment variable for something with a name: `GPT_4O_API_KEY`."""
    words = _VARIABLE.sub("_", text.upper()).strip("_")[:60].strip("_") or "MODEL"
    return f"{'M_' if words[0].isdigit() else ''}{words}_{ending}"
