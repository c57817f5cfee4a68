"""Punycode labels that mislead: RFC 5890 to 5892 say what is valid, UTS 39 what is mixed or confusable."""

import unicodedata

_LONGEST_LABEL = 63
_PREFIX = "xn--"
_ALLOWED = frozenset({"Ll", "Lo", "Lm", "Mn", "Mc", "Nd"})
_TOGETHER = (
    # UTS 39, 5.2 "Highly Restrictive": the scripts that one language writes side by side.
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "IDEOGRAPHIC"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
)
_LOOKALIKES = frozenset(
    "\u0430\u0441\u0501\u0435\u04bb\u0456\u0458\u04cf\u043e\u0440\u051b\u0455\u051d\u0445\u0443\u044a\u044c"
    "\u04bd\u043f\u0433\u0475\u0461\u043a\u043c\u0442\u043d\u0432\u0437"  # Cyrillic
    "\u03b1\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u03c9\u03b3\u03b7\u03c7\u03c3\u03f2\u03f3"  # Greek
    "\u0561\u0566\u0570\u0578\u057d\u0581\u0585\u0563\u0578\u056f"  # Armenian
    "0123456789-"
)
"""Letters that look like Latin ones (Unicode's confusables.txt), with what every script may use."""
_IGNORED_WORDS = frozenset({"COMBINING", "DIGIT", "MIDDLE", "HYPHEN-MINUS"})


def misleads(host: str) -> bool:
    """Whether a punycode label of a lower-case host is invalid, mixes scripts or is a whole look-alike."""
    return any(_label_misleads(label) for label in host.split(".") if label.startswith(_PREFIX))


def _label_misleads(label: str) -> bool:
    if len(label) > _LONGEST_LABEL:
        return True
    try:
        text = label.removeprefix(_PREFIX).encode("ascii").decode("punycode")
        again = _PREFIX + text.encode("punycode").decode("ascii")
    except (UnicodeError, ValueError, OverflowError):
        return True
    if again != label or text.isascii() or unicodedata.normalize("NFKC", text).lower() != text:
        return True
    if not all(c == "-" or unicodedata.category(c) in _ALLOWED for c in text):
        return True
    if unicodedata.category(text[0]).startswith("M"):
        return True
    return _mixes_scripts(text) or _LOOKALIKES.issuperset(text)


def _mixes_scripts(text: str) -> bool:
    """Scripts by the first word of each character's name: the standard library has no script property."""
    words = {unicodedata.name(c, "UNNAMED").split()[0] for c in text} - _IGNORED_WORDS
    return len(words) > 1 and not any(words <= together for together in _TOGETHER)
