"""What tells one fault from another when the lines around it move."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from urllib.parse import quote

from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.report.said import said


def as_written(path: str) -> str:
    """A path as it is, for a program must find the file by it; JSON readers choke only on lone surrogates."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


def as_uri(path: str) -> str:
    """A path as a relative reference of RFC 3986, byte by byte as the file system has it."""
    return quote(path, safe="/", errors="surrogateescape" if _is_of_a_file(path) else "backslashreplace")


def _is_of_a_file(path: str) -> bool:
    """Whether a file can have the path: Python reads bytes that are no UTF-8 as these surrogates alone."""
    return not any("\ud800" <= character < "\udc80" or "\udcff" < character <= "\udfff" for character in path)


# A few messages say where something is: that alone makes no other fault.
_WHERE = re.compile(r"\b(line|column) [0-9]+")


def fingerprints(diagnostics: Sequence[Diagnostic]) -> Iterator[str]:
    """One of 64 hexadecimal digits for each, in their order, all different.

    It is made of code, path, subject and message, and of a number where these are equal: the first of such faults
    keeps its fingerprint when another follows. Secrets are starred out before, so that nobody can guess them from it.
    """
    seen: Counter[str] = Counter()
    for diagnostic in diagnostics:
        message = _WHERE.sub(r"\1", said(diagnostic.message))
        parts = (diagnostic.code, diagnostic.path, said(diagnostic.subject), message)
        known_by = "\0".join(parts)
        seen[known_by] += 1
        text = f"{known_by}\0{seen[known_by]}"
        yield sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
