"""URLs judged on their raw text: what is wrong with one, its host, and its registrable domain."""

from modelspec.url.domain import registrable_domain
from modelspec.url.fault import Code, UrlFault
from modelspec.url.judgement import LONGEST, host_of, judge, judged
from modelspec.url.query import has_key

__all__ = ["LONGEST", "Code", "UrlFault", "has_key", "host_of", "judge", "judged", "registrable_domain"]
