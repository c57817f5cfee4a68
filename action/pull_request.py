"""One pull request for the branch of suggestions: opened once, and brought up to date while it is open.

Suggestions that are the same as those of an earlier pull request open no other one, also where that was closed.
"""

import os
import sys
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote

# Beside this file, which is that of the action; `-I` keeps the checkout out.
sys.path.insert(0, str(Path(__file__).parent))

from comment import ask, body_of

BRANCH = "modelspec-suggest"
TITLE = "Changes that usage asks for"
_MARKER = "<!-- modelspec suggest -->"


def main() -> int:
    """Open or update it; 1 where the forge refuses."""
    environment = os.environ
    repository, token = environment["GITHUB_REPOSITORY"], environment["TOKEN"]
    pulls = f"{environment['GITHUB_API_URL']}/repos/{repository}/pulls"
    body = body_of(_MARKER, Path(environment["BODY"]).read_text(encoding="utf-8"))
    owner = repository.partition("/")[0]
    try:
        own = ask("GET", f"{pulls}?state=all&head={quote(f'{owner}:{BRANCH}')}", token)
        done = propose(pulls, token, own, body, environment["BASE"], is_new=environment["PUSHED"] == "true")
    except HTTPError as error:
        return _failed(f"the forge refused the pull request ({error.code}): may the token open one?")
    except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
        return _failed(f"the pull request was not opened ({type(error).__name__})")
    if done is None:
        sys.stdout.write("these suggestions have had their pull request\n")
        return 0
    url = str(done["html_url"])
    sys.stdout.write(f"{url}\n")
    with Path(environment["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        file.write(f"url={url.splitlines()[0]}\n")
    return 0


def propose(pulls: str, token: str, own: Any, body: str, base: str, *, is_new: bool) -> Any:  # noqa: ANN401 - JSON
    """The pull request that was opened or updated; None where there is nothing to do. `own` are those of the branch.

    Raises:
        HTTPError, OSError, HTTPException, ValueError, KeyError, TypeError: the forge refuses, or cannot be understood.
    """
    if own and not is_new:
        return None
    for one in own:
        if one["state"] == "open":
            return ask("PATCH", f"{pulls}/{int(one['number'])}", token, {"body": body})
    return ask("POST", pulls, token, {"title": TITLE, "head": BRANCH, "base": base, "body": body})


def _failed(why: str) -> int:
    sys.stdout.write(f"::error title=modelspec suggest::{why}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
