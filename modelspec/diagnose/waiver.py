"""Waivers: reviewed exceptions, each with a reason, an approver and a last day."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from modelspec.diagnose.rule import APPROVER_TO_NAME, REASON_TO_WRITE
from modelspec.text.document import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A reviewed exception. `code` is that of a rule, or the name of a guard; `expires` is its last day."""

    code: str
    subject: str
    reason: str
    expires: str
    approved_by: str
    is_of_guard: bool
    place: Place

    def is_expired(self, today: date) -> bool:
        """Whether its last day has passed."""
        return self.expires < today.isoformat()


def waivers_of(value: object) -> tuple[Waiver, ...]:
    """The waivers of a document of the right form, of rules and of guards."""
    if not isinstance(value, dict):
        return ()
    return tuple(
        Waiver(
            code=item["guard"] if "guard" in item else item["rule"],
            subject=item["subject"],
            reason=item["reason"],
            expires=item["expires"],
            approved_by=item["approved_by"],
            is_of_guard="guard" in item,
            place=Place(path="waivers.yaml", pointer=("waivers", position)),
        )
        for position, item in enumerate(value.get("waivers") or ())
    )


def last_day(today: date, days: int) -> str:
    """The last day that a waiver may name."""
    return date.fromordinal(min(today.toordinal() + days, date.max.toordinal())).isoformat()


def holds(waiver: Waiver, today: date, latest: str) -> bool:
    """Whether a waiver waives anything: its last day has not passed nor is after `latest`, and it is filled in."""
    return not waiver.is_expired(today) and waiver.expires <= latest and not left_open(waiver)


def is_waived(waivers: Iterable[Waiver], guard: str, subject: str, today: date, latest: str) -> bool:
    """Whether a waiver of a guard that holds names a subject."""
    return any(
        waiver.is_of_guard
        and (waiver.code, waiver.subject) == (guard, subject)
        and holds(waiver, today, latest)
        for waiver in waivers
    )


def left_open(waiver: Waiver) -> list[str]:
    """The fields that still hold what was printed for people to replace."""
    fields = {
        "reason": (waiver.reason, REASON_TO_WRITE),
        "approved_by": (waiver.approved_by, APPROVER_TO_NAME),
    }
    return [
        field for field, (text, printed) in fields.items() if text.strip().casefold() == printed.casefold()
    ]


_DAYS = 14
"""Long enough for a review and a rollout, too short to be forgotten."""


APPROVAL = "or get this entry approved, below `waivers:` in waivers.yaml: "
"""What stands before the entry that ends the help of a guard."""


def waiver_entry(guard: str, subject: str, today: date) -> str:
    """A waiver as one line of YAML: a flow mapping, since most formats show a diagnostic on one line.

    Any JSON string is a YAML string. Non-ASCII characters are escaped as YAML does it, so that no format escapes them
    again; JSON would escape an emoji as two surrogates, which YAML does not join. Angle brackets and backticks are
    escaped too: no subject ends a block of code or spells a comment of HTML.
    """
    written = json.dumps(subject, ensure_ascii=False).encode("ascii", "backslashreplace").decode()
    fields = {
        "guard": guard,
        "subject": written.translate(_ACTIVE),
        "reason": json.dumps(REASON_TO_WRITE),
        "expires": last_day(today, _DAYS),
        "approved_by": APPROVER_TO_NAME,
    }
    return "- {" + ", ".join(f"{name}: {value}" for name, value in fields.items()) + "}"


_ACTIVE = {ord(character): f"\\x{ord(character):02x}" for character in "<>`"}
