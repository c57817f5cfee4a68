"""A build to the folder that a running gateway reads, in the order that loses no request."""

from modelspec.publish.admin import Admin
from modelspec.publish.check import check, find_envoy
from modelspec.publish.edge import EdgeFiles, edge_files, edges_of
from modelspec.publish.refusal import Refusal
from modelspec.publish.roll import Published, publish

__all__ = [
    "Admin",
    "EdgeFiles",
    "Published",
    "Refusal",
    "check",
    "edge_files",
    "edges_of",
    "find_envoy",
    "publish",
]
