"""Plain scalars as PyYAML's safe loader takes them: YAML 1.1, in which `yes` is a boolean and `010` is eight.

Dates and numbers that are not finite stay text: nothing that is imported needs them.
"""

import re
from math import isfinite

from modelspec.document import Scalar
from modelspec.load.scalar import LARGEST, SMALLEST

_CONSTANTS: dict[str, Scalar] = {
    "": None,
    "~": None,
    **{spelled: None for word in ("null",) for spelled in (word, word.title(), word.upper())},
    **{spelled: True for word in ("yes", "true", "on") for spelled in (word, word.title(), word.upper())},
    **{spelled: False for word in ("no", "false", "off") for spelled in (word, word.title(), word.upper())},
}
_INTEGER = re.compile(
    r"[-+]?(?:0b[0-1_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*(?::[0-5]?[0-9])+)"
)
_FLOAT = re.compile(
    r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
    r"|[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*)"
)
_LONGEST = 70
"""Characters of 64 bits in base 2, with a sign and some `_`."""


def resolve11(text: str) -> Scalar:
    """The value of a plain scalar; what does not fit in 64 bits stays text."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if len(text) > _LONGEST:
        return text
    if _INTEGER.fullmatch(text):
        number = _integer(text.replace("_", ""))
        return number if SMALLEST <= number <= LARGEST else text
    if _FLOAT.fullmatch(text):
        value = _float(text.replace("_", ""))
        return value if isfinite(value) else text
    return text


def _integer(text: str) -> int:
    sign = -1 if text[0] == "-" else 1
    digits = text.lstrip("+-")
    if ":" in digits:
        return sign * int(_sixties(digits))
    for prefix, base in (("0b", 2), ("0x", 16)):
        if digits.startswith(prefix):
            return sign * int(digits[2:] or "0", base)
    return sign * int(digits, 8 if digits[0] == "0" else 10)


def _float(text: str) -> float:
    sign = -1 if text[0] == "-" else 1
    digits = text.lstrip("+-")
    return sign * (_sixties(digits) if ":" in digits else float(digits))


def _sixties(digits: str) -> float:
    total = 0.0
    for part in digits.split(":"):
        total = total * 60 + float(part)
    return total
