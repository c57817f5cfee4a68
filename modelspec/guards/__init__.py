"""The guards of `plan`: what a change may not do to the compiled routes unless somebody answers for it (`MS8xx`)."""

from modelspec.guards.check import check_guards

__all__ = ["check_guards"]
