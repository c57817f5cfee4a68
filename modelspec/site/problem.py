"""Refusals as `application/problem+json` (RFC 9457)."""

from collections.abc import Mapping

PROBLEM_TYPE = "application/problem+json"

Problem = Mapping[str, object]


def problem(status: int, title: str, detail: str) -> dict[str, object]:
    """A problem without a page of its own: `title` is the one of the status, `detail` says what to do."""
    return {"type": "about:blank", "title": title, "status": status, "detail": detail}


def not_found(base: str) -> Problem:
    """Nothing is at this path."""
    return problem(404, "Not Found", f"nothing is here; {base}admin/models lists every model")


def read_only(base: str) -> Problem:
    """The path, or the whole site, takes no such request."""
    return problem(
        405,
        "Method Not Allowed",
        "this site is read-only and generated: add, edit or delete the YAML file of the model under models.d/ in the "
        f"configuration repository and open a pull request; {base}admin/propose writes the file for you",
    )
