"""Plain scalars against the tables of YAML 1.2.2, section 10.3.2, and the limits of our own."""

import pytest

from modelspec.load.scalar import NotANumberError, TooLargeError, resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("Null", None),
        ("NULL", None),
        ("true", True),
        ("True", True),
        ("TRUE", True),
        ("false", False),
        ("False", False),
        ("FALSE", False),
        ("0", 0),
        ("-0", 0),
        ("12", 12),
        ("+12", 12),
        ("-19", -19),
        ("012", 12),
        ("-007", -7),
        ("0o14", 12),
        ("0o0", 0),
        ("0xC", 12),
        ("0xdeadBEEF", 0xDEADBEEF),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("18446744073709551615", 2**64 - 1),
        ("0000000000000000000000000000000018446744073709551615", 2**64 - 1),
        ("0xFFFFFFFFFFFFFFFF", 2**64 - 1),
        ("0o1777777777777777777777", 2**64 - 1),
        ("1.5", 1.5),
        ("-1.5", -1.5),
        ("+1.5", 1.5),
        ("1.", 1.0),
        (".5", 0.5),
        ("-.5", -0.5),
        ("12e03", 12000.0),
        ("-2E+05", -200000.0),
        ("1e-3", 0.001),
        ("1.7976931348623157e308", 1.7976931348623157e308),
        ("1e-999", 0.0),
    ],
)
def test_the_core_schema_resolves(text: str, value: object) -> None:
    found = resolve(text)
    assert found == value
    assert type(found) is type(value)


STRINGS = """
yes no on off y n Yes NO On OFF tRUE nULL TRue none None nil
1:30 190:20:30 2026-01-01 2026-01-01T00:00:00Z 1_000 0b101 0o8 0xG -0o14 -0xC +0x1 0O14 0X1 0x 0o
. - + -. +. e5 .e5 1e 1e+ 1.e 1.5.2 1-2 +-1 --1 1,000 .5. 1.2e3.4
.Info .infinity inf nan NaN .Nan +.nan -.nan .iNF
\u0661\u0662 \uff11\uff12 \u00bd \u00b2 = <<
"""


@pytest.mark.parametrize("text", [*STRINGS.split(), "a b", "1 2", "true "])
def test_everything_else_is_a_string(text: str) -> None:
    assert resolve(text) == text


@pytest.mark.parametrize(
    "text",
    [".inf", ".Inf", ".INF", "-.inf", "+.INF", ".nan", ".NaN", ".NAN", "1e999", "-1e999", "9" * 310 + "."],
)
def test_numbers_that_are_not_finite_are_rejected(text: str) -> None:
    with pytest.raises(NotANumberError):
        resolve(text)


@pytest.mark.parametrize(
    "text",
    [
        "18446744073709551616",
        "-9223372036854775809",
        "0x10000000000000000",
        "0o2000000000000000000000",
        "9" * 250_000,
        "-" + "9" * 23,
    ],
)
def test_integers_beyond_64_bits_are_rejected(text: str) -> None:
    with pytest.raises(TooLargeError):
        resolve(text)
