"""URLs judged on their raw text: what is wrong with one, its host, and its registrable domain."""

from modelspec.url.host import registrable_domain
from modelspec.url.judgement import LONGEST, Code, UrlFault, has_key, host_of, judge, judged
from modelspec.url.shape import Parts, is_host, parts

__all__ = [
    "LONGEST",
    "Code",
    "Parts",
    "UrlFault",
    "has_key",
    "host_of",
    "is_host",
    "judge",
    "judged",
    "parts",
    "registrable_domain",
]
