"""The entry of waivers.yaml that would allow a broken guard, ready to paste."""

import json
from datetime import date, timedelta

from modelspec.rule import APPROVER_TO_NAME, REASON_TO_WRITE

_DAYS = 14
"""Long enough for a review and a rollout, too short to be forgotten."""


def waiver_entry(guard: str, subject: str, today: date) -> str:
    """One line of YAML: a flow mapping, since a diagnostic is one line in most formats.

    A string of JSON is one of YAML, whatever the subject holds. What is not ASCII is escaped as YAML has it, so that
    no format escapes it again; JSON would write two halves of an emoji, which YAML does not put together.
    """
    last = min(today, date.max - timedelta(days=_DAYS)) + timedelta(days=_DAYS)
    fields = {
        "guard": guard,
        "subject": json.dumps(subject, ensure_ascii=False).encode("ascii", "backslashreplace").decode(),
        "reason": json.dumps(REASON_TO_WRITE),
        "expires": last.isoformat(),
        "approved_by": APPROVER_TO_NAME,
    }
    return "- {" + ", ".join(f"{name}: {value}" for name, value in fields.items()) + "}"
