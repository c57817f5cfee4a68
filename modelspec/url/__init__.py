"""URLs judged on their raw text: what is wrong with one, its host, and its registrable domain."""

from modelspec.url.host import registrable_domain
from modelspec.url.judgement import LONGEST, Code, UrlFault, has_key, host_of, judge, judged

__all__ = ["LONGEST", "Code", "UrlFault", "has_key", "host_of", "judge", "judged", "registrable_domain"]
