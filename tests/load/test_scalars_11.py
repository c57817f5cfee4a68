"""Plain scalars of other programs' files against PyYAML's safe loader, which reads YAML 1.1."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from modelspec.load.scalar import resolve11

NUMBERS = """
0 7 -7 +7 007 -007 010 +010 0b101 -0b101 0x1F -0x1F 1_000 0b1_0 0x_f 0_7 1:30 -1:30 +1:30:30 1:0 19:59 1:5:9
1.5 -1.5 +1.5 .5 1. -1_0.2_5 1.5e+3 1.5e-3 -1.5E+3 .5e+1 1:30.5 -1:30.5 1:1:0.25 0.0 9:59. 18446744073709551615
-9223372036854775808
"""
TEXTS = "08 1e3 1:60 .e+1 0b2 0xg 1.5e3 -1.5E+3x yEs nULL y n :1 -- + . _1 1:_0 b"
WORDS = "yes Yes YES true True TRUE on On ON no No NO false False FALSE off Off OFF null Null NULL ~"


def _same(text: str) -> None:
    mine, theirs = resolve11(text), yaml.safe_load(f"- {text}")[0]
    assert (mine, type(mine)) == (theirs, type(theirs))


@pytest.mark.parametrize("text", ["", *f"{NUMBERS} {TEXTS} {WORDS}".split()])
def test_reads_what_pyyaml_reads(text: str) -> None:
    _same(text)


_NUMBER = r"[-+]?(?:(?:0[bx])?[0-9][0-9a-f_]{0,3}(?::[0-9]{1,2}){0,2}(?:\.[0-9]{0,2})?|\.[0-9]{1,2})(?:[eE][-+]?[0-9])?"


@given(st.from_regex(_NUMBER, fullmatch=True).filter(lambda text: text[:2] not in ("-.", "+.")))
def test_reads_every_number_as_pyyaml_does(text: str) -> None:
    _same(text)


@pytest.mark.parametrize("text", ["18446744073709551616", "-9223372036854775809", ".inf", "-.inf", ".nan"])
def test_what_64_bits_cannot_hold_stays_text(text: str) -> None:
    assert resolve11(text) == text


def test_a_number_of_70_characters_is_read_and_a_longer_one_is_text() -> None:
    ones = "1" * 64
    assert resolve11(f"+0b___{ones}") == 2**64 - 1
    assert resolve11(f"+0b____{ones}") == f"+0b____{ones}"
