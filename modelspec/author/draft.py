"""Drafts: sets of changed files, judged as part of the repository before anything is written, and their commits."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import unified_diff
from urllib.parse import quote as percent_encoded

from modelspec.author.change import Change
from modelspec.author.fields import field_order
from modelspec.author.rewrite import Unfit, rewrite
from modelspec.diagnose.diagnostic import Diagnostic, Severity, ordered
from modelspec.diagnose.refusal import Refusal
from modelspec.incremental import compile_tree
from modelspec.load import read, source_of
from modelspec.load.find import DEFAULTS, File, Tree
from modelspec.load.redact import redacted
from modelspec.load.unread import MAX_BYTES, MODELS, empty
from modelspec.pipeline import Compiled
from modelspec.report.printable import printable, printable_path
from modelspec.site.forges import forge_of, home_of, repository_of
from modelspec.text.document import field_path
from modelspec.text.quote import quote
from modelspec.text.visible import visible


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a verb is about to do.

    `files` maps paths to new bytes, or to None for a file to delete; `moved` maps new paths to old ones, and `renamed`
    new names to old ones. `effects` are sentences for people, one per change; `title` is the first line of a commit.
    """

    files: Mapping[str, bytes | None]
    title: str
    effects: tuple[str, ...] = ()
    moved: Mapping[str, str] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A repository with a draft applied, and the diagnostics that it did not have before."""

    after: Compiled
    new: Sequence[Diagnostic]

    @property
    def is_refused(self) -> bool:
        """Whether the draft adds an error."""
        return any(found.severity is Severity.ERROR for found in self.new)


def judged(before: Compiled, draft: Draft, today: date) -> Verdict:
    """Compile the repository as it would be with the draft; nothing is written to disk."""
    after = compile_tree(laid_over(before.tree, draft.files), today=today, like=before)
    known = Counter(_key(found, {}, {}) for found in before.diagnostics)
    new = []
    for found in after.diagnostics:
        key = _key(found, draft.moved, draft.renamed)
        if known[key]:
            known[key] -= 1
        else:
            new.append(found)
    return Verdict(after=after, new=ordered(new))


def _key(found: Diagnostic, moved: Mapping[str, str], renamed: Mapping[str, str]) -> tuple[str, ...]:
    """The identity of a diagnostic, independent of its line and of renames."""
    message = found.message
    for new, old in renamed.items():
        message = message.replace(quote(new), quote(old))
    return found.code, moved.get(found.path, found.path), message, found.severity.value


def laid_over(tree: Tree, files: Mapping[str, bytes | None]) -> Tree:
    """The tree with some files replaced, added or removed."""
    models = {file.path: file for file in tree.models}
    fixed = dict(tree.fixed)
    defaults = dict(tree.defaults)
    for path, data in files.items():
        folder, _, name = path.rpartition("/")
        if name == DEFAULTS and data is not None:
            defaults[folder] = File(path, data)
            continue
        home = models if folder else fixed
        home.pop(path, None)
        if data is not None:
            home[path] = File(path, data)
    faults = [fault for fault in tree.faults if fault.code != "MS023"]
    if not models and not any(path.startswith(MODELS) for path in tree.unread):
        faults.append(empty())
    ordered_models = sorted(models.values(), key=lambda file: file.path)
    return replace(tree, models=ordered_models, fixed=fixed, faults=faults, defaults=defaults)


def edited(
    files: Mapping[str, File], changes: Mapping[str, Sequence[Change]]
) -> dict[str, bytes | None] | Refusal:
    """The new bytes of every file that changes; files that stay the same are left out."""
    done: dict[str, bytes | None] = {}
    for path, asked in changes.items():
        outcome = _rewritten(files[path], asked)
        if isinstance(outcome, Refusal):
            return outcome
        if outcome != files[path].data:
            done[path] = outcome
    return done


def too_large(what: str) -> Refusal:
    """Refuse a text above the size limit of files."""
    return Refusal(
        message=f"{what} larger than {MAX_BYTES // 1024} KiB", help="keep large documents elsewhere"
    )


def _rewritten(file: File, changes: Sequence[Change]) -> bytes | Refusal:
    reading = read(file)
    if reading.faults or not isinstance(reading.value, dict):
        return Refusal(
            message=f"{file.path} cannot be changed: it cannot be read",
            help="run modelspec validate to see why, and fix it by hand",
        )
    # Only models have an order of fields; other files get new fields at the end.
    outcome = rewrite(file, changes, field_order() if "/" in file.path else ())
    if isinstance(outcome, Unfit):
        field = quote(field_path(outcome.pointer))
        return Refusal(
            message=f"{file.path} was left alone: {field} cannot be changed without touching other text, "
            f"because {outcome.why}",
            help="change it by hand, then run modelspec validate",
        )
    if len(outcome) > MAX_BYTES:
        return too_large(f"{file.path} would be")
    return outcome


def difference(before: Mapping[str, File], draft: Draft) -> Iterator[str]:
    """The lines of the diff, each with its line end; secrets are masked on both sides."""
    old_paths = set(draft.moved.values())
    for path, data in draft.files.items():
        if data is None and path in old_paths:
            continue
        old_path = draft.moved.get(path, path)
        old, new = before.get(old_path), None if data is None else File(path, data)
        lines = list(
            unified_diff(
                _lines(old),
                _lines(new),
                "/dev/null" if old is None else f"a/{printable_path(old_path)}",
                "/dev/null" if new is None else f"b/{printable_path(path)}",
                lineterm="",
            )
        )
        yield from (f"{line}\n" for line in lines)
        if not lines and old_path != path:
            yield f"rename from {printable_path(old_path)}\nrename to {printable_path(path)}\n"


def _lines(file: File | None) -> list[str]:
    if file is None:
        return []
    lines = redacted(source_of(file).text).text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return [visible(line.removesuffix("\r")) for line in lines]


_MOST_EFFECTS = 50
"""The most effects that a commit lists; the diff shows the rest of a larger change."""

_PROPOSALS = {
    "GitHub": "/compare/{base}...{branch}?expand=1",
    "GitLab": "/-/merge_requests/new?merge_request%5Bsource_branch%5D={branch}"
    "&merge_request%5Btarget_branch%5D={base}",
    "Gitea": "/compare/{base}...{branch}",
    "Bitbucket": "/pull-requests/new?source={branch}&dest={base}",
}
"""Sources:

- GitHub: https://docs.github.com/pull-requests/collaborating-with-pull-requests/proposing-changes-to-your-work-with-pull-requests/using-query-parameters-to-create-a-pull-request
- GitLab: https://docs.gitlab.com/user/project/merge_requests/creating_merge_requests/ (what `git push` prints)
- Gitea and Forgejo: https://docs.gitea.com/usage/pull-request (`compare/<base>...<branch>`)
- Bitbucket Cloud: https://support.atlassian.com/bitbucket-cloud/docs/create-a-pull-request/ (`?source=…&dest=…`)
"""


def message_of(draft: Draft, title: str | None = None, effect: str = "") -> str:
    """The title, the effect on routes, and a line per edit; `title` replaces the draft's own."""
    effects = [f"- {printable(line)}" for line in draft.effects[:_MOST_EFFECTS]]
    if len(draft.effects) > _MOST_EFFECTS:
        effects.append(f"- and {len(draft.effects) - _MOST_EFFECTS} more")
    first = printable(draft.title) if title is None else title.strip()
    return "\n".join((first, "", *([effect, ""] if effect else []), *effects)) + "\n"


def proposal_url(settings: Mapping[str, object] | None, branch: str) -> str | None:
    """The URL that opens a pull request for a branch; None if `repository` in modelspec.yaml has no known forge."""
    repository = repository_of(settings)
    if repository is None:
        return None
    home, forge = home_of(repository), forge_of(repository)
    if home is None or forge is None:
        return None
    page = _PROPOSALS[forge.label]
    # In a path, GitHub and Gitea expect plain slashes; in a query, they are encoded.
    safe = "/" if page.startswith("/compare/") else ""
    return home + page.format(
        base=percent_encoded(repository.branch, safe=safe), branch=percent_encoded(branch, safe=safe)
    )
