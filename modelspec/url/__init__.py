"""URLs judged on their raw text: what is wrong with one, its host, and who owns that."""

from modelspec.url.host import is_private_host, owner_of
from modelspec.url.judgement import (
    LONGEST,
    URL_FIELDS,
    Code,
    UrlFault,
    has_key,
    host_of,
    judge,
    judged,
    normal_glob,
    normal_url,
    private_parts,
    without_needless,
)
from modelspec.url.shape import Parts, is_host, parts

__all__ = [
    "LONGEST",
    "URL_FIELDS",
    "Code",
    "Parts",
    "UrlFault",
    "has_key",
    "host_of",
    "is_host",
    "is_private_host",
    "judge",
    "judged",
    "normal_glob",
    "normal_url",
    "owner_of",
    "parts",
    "private_parts",
    "without_needless",
]
