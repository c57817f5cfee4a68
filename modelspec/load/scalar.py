"""Plain scalars by the YAML 1.2 core schema (YAML 1.2.2, section 10.3.2)."""

import re
from math import isinf

from modelspec.document import Scalar

_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_CONSTANTS: dict[str, Scalar] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
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
