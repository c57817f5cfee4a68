"""What shells need beyond click: bash splits words at ':', '=' and '@', which ids and assignments contain."""

import os
from typing import Any

from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
    split_arg_string,
)

# The line goes as it stands, with what bash will replace of it; a name is never split, globbed or evaluated.
_BASH = """\
%(complete_func)s() {
    local type value
    COMPREPLY=()
    while IFS=, read -r type value; do
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain)
                COMPREPLY+=("$value")
                if [[ $value == *[=.] ]]; then compopt -o nospace; fi ;;
        esac
    done < <(COMP_LINE="${COMP_LINE:0:COMP_POINT}" COMP_PART="$2" %(complete_var)s=bash_complete "$1" 2>/dev/null)
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""
_ZSH_NAMES = "compadd -U -V unsorted -a completions\n"
_ZSH_FIELDS = """\
local -a fields
        fields=(${(M)completions:#*[=.]})
        completions=(${completions:#*[=.]})
        compadd -U -S '' -V unsorted -a fields
        compadd -U -V unsorted -a completions
"""


class _WholeWords(ShellComplete):
    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[Any]]:
        """Of `--region=e`, offer the whole word, which is what shells replace."""
        found = super().get_completions(args, incomplete)
        option, equals, _ = incomplete.partition("=")
        if equals and option.startswith("-"):
            for item in found:
                item.value = f"{option}={item.value}"
        return found


class _Bash(_WholeWords, BashComplete):
    source_template = _BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one that is completed, and that word as far as it is typed."""
        line = os.environ.get("COMP_LINE", "")
        words = split_arg_string(line)
        typed = words.pop() if words and not line[-1:].isspace() else ""
        return words[1:], typed

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """Leave out what stands on the line before the part that bash replaces."""
        _, typed = self.get_completion_args()
        part = os.environ.get("COMP_PART", "")
        before = typed.removesuffix(part) if typed.endswith(part) else ""
        return f"{item.type},{item.value.removeprefix(before)}"


class _Zsh(_WholeWords, ZshComplete):
    source_template = ZshComplete.source_template.replace(_ZSH_NAMES, _ZSH_FIELDS)


class _Fish(_WholeWords, FishComplete):
    pass


def register() -> None:
    """Let click use these."""
    for shell in (_Bash, _Zsh, _Fish):
        add_completion_class(shell)
