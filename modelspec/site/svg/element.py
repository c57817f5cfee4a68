from functools import cache

from markupsafe import Markup, escape

Value = str | int | float


def element(name: str, /, *children: str, **attributes: Value | None) -> Markup:
    """One element, its attributes and text escaped; children that are Markup stay as they are.

    `class_` is `class`, any other `_` is `-`; an attribute of None is left out. Lengths are rounded to a tenth.
    """
    written = "".join(
        [
            f' {_spelled(key)}="{escape(_shown(value))}"'
            for key, value in attributes.items()
            if value is not None
        ]
    )
    inner = "".join(map(escape, children))
    # Every part has been escaped. Markup.format would do it again, and a fleet has a million of them.
    return Markup(f"<{name}{written}>{inner}</{name}>")  # noqa: S704


@cache
def _spelled(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _shown(value: Value) -> str:
    return f"{round(value, 1):g}" if isinstance(value, float) else str(value)
