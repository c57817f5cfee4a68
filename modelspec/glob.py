"""Patterns in which `*` stands for any characters, the empty text included; nothing else is special."""


def is_match(pattern: str, text: str) -> bool:
    """Whether the whole text fits; the time is linear in the text, whatever the pattern."""
    first, *others = pattern.split("*")
    if not others:
        return text == pattern
    if not text.startswith(first):
        return False
    *middle, last = others
    begin = len(first)
    for part in middle:
        found = text.find(part, begin)
        if found < 0:
            return False
        begin = found + len(part)
    return len(text) - len(last) >= begin and text.endswith(last)
