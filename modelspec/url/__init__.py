"""URLs judged on their raw text: what is wrong with one, its host, and its registrable domain."""

from modelspec.url.domain import registrable_domain
from modelspec.url.fault import Code, UrlFault
from modelspec.url.judgement import LONGEST, host_of, judge, judged

__all__ = ["LONGEST", "Code", "UrlFault", "host_of", "judge", "judged", "registrable_domain"]
