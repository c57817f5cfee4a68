# noqa: INP001 - a script, not a package
"""Write docs/man/modelspec.1 from the helps of the verbs: `python docs/generate_man.py`."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from modelspec import __version__, cli

PAGE = Path(__file__).parent / "man" / "modelspec.1"


def page() -> str:
    """The manual page, for `man`."""
    group = cli._modelspec  # noqa: SLF001 - the verbs and their helps
    context = click.Context(group, info_name="modelspec")
    lines = [
        '.\\" Written by docs/generate_man.py; do not edit.',
        f'.TH MODELSPEC 1 "" "modelspec {__version__}" "User Commands"',
        ".SH NAME",
        f"modelspec \\- {_plain(group.help or '').rstrip('.')}",
        ".SH SYNOPSIS",
        ".B modelspec",
        ".I VERB",
        "[OPTIONS] [ARGUMENTS]",
        ".SH COMMANDS",
        *_verbs(group, context),
    ]
    return "\n".join(lines) + "\n"


def _verbs(group: click.Group, context: click.Context) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        inner = click.Context(command, parent=context, info_name=name)
        yield from (f".SS {_plain(' '.join([inner.command_path, *command.collect_usage_pieces(inner)]))}",)
        for paragraph in (command.help or "").split("\n\n"):
            yield from (".PP", _plain(paragraph))
        for parameter in command.params:
            row = parameter.get_help_record(inner)
            if row is not None and row[1]:
                yield from (".TP", f".B {_plain(row[0])}", _plain(row[1]))
        if isinstance(command, click.Group):
            yield from _verbs(command, inner)


def _plain(text: str) -> str:
    """The text on one line, in which roff reads no command; a hyphen is one that can be copied."""
    line = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{line}" if line.startswith((".", "'")) else line


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    sys.exit(PAGE.write_text(page(), encoding="utf-8") and 0)
