"""Questions at a terminal: with questionary where it is installed, by numbered lists otherwise."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import click

from modelspec.text.quote import visible

_WIDEST = 100
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptOption:
    """Something to choose: its value, and what people read."""

    value: str
    text: str


def can_ask() -> bool:
    """Whether somebody is there: both ends are a terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def text(question: str, default: str = "") -> str:
    """A line of text; empty where nothing is typed and there is no default.

    Raises:
        click.Abort: the question is broken off.
    """
    answer: str = click.prompt(question, default=default, show_default=bool(default))
    return answer.strip()


def one_of(question: str, options: Sequence[PromptOption]) -> str:
    """One of some options.

    Raises:
        click.Abort: the question is broken off.
    """
    if not _has_questionary():
        numbers = _numbered(question, options)
        number: str = click.prompt("Number", type=click.Choice(numbers), show_choices=False)
        return options[int(number) - 1].value
    import questionary

    choices = [questionary.Choice(visible(one.text, _WIDEST), value=one.value) for one in options]
    asked = questionary.select(question, choices=choices, qmark="", instruction="(arrows, enter)")
    chosen: str | None = asked.ask()
    return _answered(chosen)


def some_of(question: str, options: Sequence[PromptOption]) -> list[str]:
    """Any of some options, in the order in which they are shown or, by number, in the order that is typed.

    Raises:
        click.Abort: the question is broken off.
    """
    if not options:
        return []
    if not _has_questionary():
        numbers = _numbered(question, options)
        while True:
            typed = text("Numbers, with spaces between them, or nothing", "").replace(",", " ").split()
            if all(number in numbers for number in typed):
                return [options[int(number) - 1].value for number in dict.fromkeys(typed)]
            click.echo(f"numbers from 1 to {len(options)}, such as: 1 3")
    import questionary

    choices = [questionary.Choice(visible(one.text, _WIDEST), value=one.value) for one in options]
    asked = questionary.checkbox(question, choices=choices, qmark="", instruction="(space marks, enter ends)")
    marked: list[str] | None = asked.ask()
    return _answered(marked)


def _answered(answer: _Answer | None) -> _Answer:
    if answer is None:
        raise click.Abort
    return answer


def _numbered(question: str, options: Sequence[PromptOption]) -> list[str]:
    click.echo(f"{question}:")
    for number, option in enumerate(options, 1):
        click.echo(f"  {number:>2}  {visible(option.text, _WIDEST)}")
    return [str(number) for number in range(1, len(options) + 1)]


def _has_questionary() -> bool:
    try:
        import questionary  # noqa: F401 - the extra 'prompt'
    except ImportError:
        return False
    return True
