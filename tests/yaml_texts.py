"""Texts that are YAML, nearly YAML, or no YAML at all."""

import yaml
from hypothesis import strategies as st

TOKENS = [
    "a", "b", "name", "model_id", "region", ": ", ":", "\n", "\n  ", "\n    ", "- ", "-", "? ", "[", "]",
    "{", "}", ", ", "'", '"', "''", "\\", "\\n", "\\u202e", "|", "|\n ", ">-\n  ", "|2\n   ", "&a ", "*a",
    "*b ", "!!str ", "!x ", "<<: ", "---\n", "...\n", "--- ", "%YAML 1.2\n", "%", "@", "`", "#", " # c",
    "~", "null", "true", "no", "0o7", "0x1F", "012", "1.5", ".inf", "1e999", "99999999999999999999", "\t",
    " ", "  ", "\xe9", "\u4e2d", "\U0001f600", "e\u0301", "\u200d", "\ufeff", "\u2028", "\x85", "\r\n",
    "\r", "\x00", "\x1b", "=======", "<<<<<<< HEAD\n", "sk-",
]  # fmt: skip

LETTERS = st.sampled_from("ab z09-_.:/#'\"\\%@,[]{}&*!|>?~\u00e9\u4e2d\U0001f600\u0301")
WORDS = st.text(LETTERS, max_size=12)
SOUP = st.lists(st.sampled_from(TOKENS) | WORDS, max_size=30).map("".join)
"""Tokens in any order: mostly not YAML, and faulty in every way."""

SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | WORDS
    | st.sampled_from(["no", "1:30", "012", "", " x ", "a\nb", "\n", "a \n b\n\n", "---", "...", "-", "?x", "=", "<<"])
)  # fmt: skip
VALUES: st.SearchStrategy[dict[str, object]] = st.dictionaries(
    WORDS,
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
        max_leaves=12,
    ),
    min_size=1,
    max_size=5,
)
"""What JSON can say, below a mapping."""


@st.composite
def documents(draw: st.DrawFn) -> tuple[dict[str, object], str]:
    """A value, and a text in some style that stands for it."""
    value = draw(VALUES)
    text = yaml.dump(
        value,
        Dumper=_Dumper,
        default_flow_style=draw(st.sampled_from([None, True, False])),
        allow_unicode=draw(st.booleans()),
        width=1000,
        indent=draw(st.sampled_from([2, 4])),
        sort_keys=False,
    )
    return value, text


class _Dumper(yaml.SafeDumper):
    """Quotes what YAML 1.2 would read otherwise than PyYAML, and writes a number that both read alike."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


def _float(dumper: _Dumper, number: float) -> yaml.ScalarNode:
    text = repr(number)
    return dumper.represent_scalar(
        "tag:yaml.org,2002:float", text if "." in text else text.replace("e", ".0e")
    )


def _string(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = "'" if text in ("", "=", "<<") or text.lstrip("+-.")[:1].isdigit() else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(float, _float)
_Dumper.add_representer(str, _string)
