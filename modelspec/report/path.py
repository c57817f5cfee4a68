"""Paths of a repository, as formats for programs write them."""

from urllib.parse import quote


def as_written(path: str) -> str:
    """A path as it is, for a program must find the file by it; JSON readers choke only on lone surrogates."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


def as_uri(path: str) -> str:
    """A path as a relative reference of RFC 3986, byte by byte as the file system has it."""
    return quote(path, safe="/", errors="surrogateescape" if _is_of_a_file(path) else "backslashreplace")


def _is_of_a_file(path: str) -> bool:
    """Whether a file can have the path: Python reads bytes that are no UTF-8 as these surrogates alone."""
    return not any("\ud800" <= character < "\udc80" or "\udcff" < character <= "\udfff" for character in path)
