"""Changing a repository by verbs: what is asked for is drafted in memory, judged as a whole, and only then written."""
