from markupsafe import Markup, escape

Value = str | int | float


def element(name: str, /, *children: str, **attributes: Value | None) -> Markup:
    """One element, its attributes and text escaped; children that are Markup stay as they are.

    `class_` is `class`, any other `_` is `-`; an attribute of None is left out. Lengths are rounded to a tenth.
    """
    written = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _shown(value))
        for key, value in attributes.items()
        if value is not None
    )
    inner = Markup("").join(map(escape, children))
    return Markup("<{}{}>{}</{}>").format(name, written, inner, name)


def _shown(value: Value) -> str:
    return f"{round(value, 1):g}" if isinstance(value, float) else str(value)
