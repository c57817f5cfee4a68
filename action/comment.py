"""The plan as one comment of the pull request, written once and then kept up to date.

A comment is a courtesy: where the token may not write it, as on a pull request from a fork, or where the forge does not
answer, the step says so and succeeds. The plan is in the step summary anyway.
"""

import json
import os
import sys
from collections.abc import Iterator
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

LONGEST = 65_536
"""Characters of a comment: what the forge takes."""

_PAGE = 100
_PAGES = 30
_SECONDS = 30
_MAY_NOT = (401, 403, 404)
_CUT = "*The plan is cut here. The whole of it is in the summary of the run.*\n\n"


class _NoRedirect(HTTPRedirectHandler):
    """A redirect would carry the token to another host."""

    def redirect_request(self, *_arguments: object, **_options: object) -> None:
        return None


_OPENER = build_opener(_NoRedirect())


def main() -> int:
    """Write the comment; 0 whatever becomes of it."""
    environment = os.environ
    issues = f"{environment['GITHUB_API_URL']}/repos/{environment['GITHUB_REPOSITORY']}/issues"
    token = environment["TOKEN"]
    marker = marker_of(environment["ROOT"])
    body = body_of(marker, Path(environment["PLAN"]).read_text(encoding="utf-8"))
    try:
        said = keep(
            issues,
            token,
            int(environment["NUMBER"]),
            marker,
            body,
            anything=environment["CHANGED"] != "false",
        )
    except HTTPError as error:
        if error.code in _MAY_NOT:
            said = (
                f"::notice title=modelspec::the token may not comment ({error.code}), as on a fork;"
                " the plan is in the summary of the run"
            )
        else:
            said = f"::warning title=modelspec::the comment was not written ({error.code})"
    except (OSError, HTTPException, ValueError) as error:
        said = f"::warning title=modelspec::the comment was not written ({type(error).__name__})"
    sys.stdout.write(f"{said}\n")
    return 0


def marker_of(root: str) -> str:
    """What nobody sees and the next run finds; each root of a repository has a comment of its own."""
    return f"<!-- modelspec plan {sha256(os.path.normpath(root).encode('utf-8', 'replace')).hexdigest()[:16]} -->"


def body_of(marker: str, plan: str) -> str:
    """The comment; a plan keeps to the limit by itself, and what does not is cut at the end of a line."""
    body = f"{marker}\n{plan}"
    if _length(body) <= LONGEST:
        return body
    body = f"{marker}\n{_CUT}"
    room = LONGEST - _length(body)
    lines = []
    for line in plan.splitlines(keepends=True):
        room -= _length(line)
        if room < 0:
            break
        lines.append(line)
    return body + "".join(lines)


def _length(text: str) -> int:
    # In UTF-16, which is never fewer than the forge may count.
    return len(text.encode("utf-16-le", "replace")) // 2


def keep(issues: str, token: str, number: int, marker: str, body: str, *, anything: bool) -> str:
    """Write the comment or bring it up to date; without an effect there is no first comment.

    Raises:
        HTTPError, OSError, HTTPException, ValueError: the forge refuses, or cannot be understood.
    """
    own = next(_own(issues, token, number, marker), None)
    if own is None:
        if not anything:
            return "the change has no effect, so there is nothing to comment on"
        ask("POST", f"{issues}/{number}/comments", token, {"body": body})
        return "the plan is a comment of the pull request"
    if own["body"] == body:
        return "the comment is up to date"
    ask("PATCH", f"{issues}/comments/{int(own['id'])}", token, {"body": body})
    return "the comment was brought up to date"


def _own(issues: str, token: str, number: int, marker: str) -> Iterator[dict[str, Any]]:
    """The comments that an earlier run wrote; one of a person that bears the marker is left alone."""
    for page in range(1, _PAGES + 1):
        comments = ask("GET", f"{issues}/{number}/comments?per_page={_PAGE}&page={page}", token)
        if not isinstance(comments, list) or not all(isinstance(comment, dict) for comment in comments):
            raise ValueError("that is no list of comments")
        for comment in comments:
            user = comment.get("user")
            if (
                isinstance(user, dict)
                and user.get("type") == "Bot"
                and str(comment.get("body")).startswith(marker)
            ):
                yield comment
        if len(comments) < _PAGE:
            return


def ask(method: str, url: str, token: str, sent: dict[str, str] | None = None) -> Any:  # noqa: ANN401 - JSON
    """Ask the API, as JSON.

    Raises:
        HTTPError, OSError, HTTPException, ValueError: the forge refuses, or cannot be understood.
    """
    request = Request(  # noqa: S310 - the runner says where its forge is
        url,
        method=method,
        data=None if sent is None else json.dumps(sent).encode(),
        headers={
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "User-Agent": "modelspec",
            "X-GitHub-Api-Version": "2022-11-28",
        },
    )
    with _OPENER.open(request, timeout=_SECONDS) as answer:
        return json.load(answer)


if __name__ == "__main__":
    sys.exit(main())
