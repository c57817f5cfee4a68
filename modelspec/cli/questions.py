"""Questions at a terminal: by lists if questionary is installed, and otherwise by numbers.

Each raises `click.Abort` where the user cancels.
"""

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import click

from modelspec.text.quote import visible

_WIDEST = 100
_HAS_LISTS = find_spec("questionary") is not None  # the extra 'prompt'

Options = Sequence[tuple[str, str]]
"""The options of a question: each value, and the text shown for it."""


def can_ask() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def text(question: str, default: str = "") -> str:
    """Ask for a line of text; the default is an empty one."""
    answer: str = click.prompt(question, default=default, show_default=bool(default))
    return answer.strip()


def one_of(question: str, options: Options) -> str:
    """Ask for one option."""
    if _HAS_LISTS:
        chosen: str = _chosen("select", question, options, "(arrows to move, enter to confirm)")
        return chosen
    number: str = click.prompt("Number", type=click.Choice(_numbered(question, options)), show_choices=False)
    return options[int(number) - 1][0]


def some_of(question: str, options: Options) -> list[str]:
    """Ask for any number of options: in the order shown or, by number, in the order typed."""
    if not options:
        return []
    if _HAS_LISTS:
        marked: list[str] = _chosen("checkbox", question, options, "(space to select, enter to confirm)")
        return marked
    numbers = _numbered(question, options)
    while True:
        typed = text("Numbers, separated by spaces (empty: none)").replace(",", " ").split()
        if all(number in numbers for number in typed):
            return [options[int(number) - 1][0] for number in dict.fromkeys(typed)]
        click.echo(f"enter numbers from 1 to {len(options)}, such as: 1 3")


def _chosen(how: str, question: str, options: Options, instruction: str) -> Any:  # noqa: ANN401 - one value or several
    import questionary

    choices = [questionary.Choice(visible(shown, _WIDEST), value=value) for value, shown in options]
    asked = getattr(questionary, how)(question, choices=choices, qmark="", instruction=instruction)
    answer = asked.ask()
    if answer is None:
        raise click.Abort
    return answer


def _numbered(question: str, options: Options) -> list[str]:
    click.echo(f"{question}:")
    for number, (_, shown) in enumerate(options, 1):
        click.echo(f"  {number:>2}  {visible(shown, _WIDEST)}")
    return [str(number) for number in range(1, len(options) + 1)]
