"""Diagnostics of a repository, and what remains of them after the organisation's settings, ignores and waivers."""
