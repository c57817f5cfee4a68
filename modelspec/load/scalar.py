"""Plain scalars by the YAML 1.2 core schema (YAML 1.2.2, section 10.3.2)."""

import re
from math import isfinite, isinf

from modelspec.text.document import Scalar

_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


def _constants(**words: Scalar) -> dict[str, Scalar]:
    spelled = {form: value for word, value in words.items() for form in (word, word.title(), word.upper())}
    return {"": None, "~": None, **spelled}


_CONSTANTS = _constants(null=None, true=True, false=False)
_FIRST = frozenset("+-.0123456789")
_DIGITS_OF_64_BITS = 22
"""The digits of 2**64 in base 8: a longer integer need not be converted to know that it is too large."""

SMALLEST, LARGEST = -(2**63), 2**64 - 1


class NotANumberError(ValueError):
    """`.inf`, `.nan`, or a float that is too large to be finite."""


class TooLargeError(ValueError):
    """An integer that does not fit in 64 bits."""


def resolve(text: str) -> Scalar:
    """The value of a plain scalar.

    Raises:
        NotANumberError: for `.inf`, `.nan` and floats that overflow.
        TooLargeError: for integers beyond 64 bits.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _FIRST:
        return text
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if _SPECIAL.fullmatch(text):
        raise NotANumberError(text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        if isinf(number):
            raise NotANumberError(text)
        return number
    return text


def _integer(text: str) -> int:
    base = {"0o": 8, "0x": 16}.get(text[:2], 10)
    digits = text.lstrip("+-").removeprefix("0o").removeprefix("0x").lstrip("0") or "0"
    if len(digits) > _DIGITS_OF_64_BITS:
        raise TooLargeError(text)
    number = int(digits, base)
    if text[0] == "-":
        number = -number
    if not SMALLEST <= number <= LARGEST:
        raise TooLargeError(text)
    return number


_CONSTANTS_11 = _constants(null=None, yes=True, true=True, on=True, no=False, false=False, off=False)
_INTEGER_11 = re.compile(
    r"[-+]?(?:0b[0-1_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*(?::[0-5]?[0-9])+)"
)
_FLOAT_11 = re.compile(
    r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
    r"|[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*)"
)
_LONGEST = 70
"""Characters of 64 bits in base 2, with a sign and some `_`."""


def resolve11(text: str) -> Scalar:
    """The value of a plain scalar; what does not fit in 64 bits stays text."""
    if text in _CONSTANTS_11:
        return _CONSTANTS_11[text]
    if len(text) > _LONGEST:
        return text
    if _INTEGER_11.fullmatch(text):
        number = _integer11(text.replace("_", ""))
        return number if SMALLEST <= number <= LARGEST else text
    if _FLOAT_11.fullmatch(text):
        value = _float(text.replace("_", ""))
        return value if isfinite(value) else text
    return text


def _integer11(text: str) -> int:
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
