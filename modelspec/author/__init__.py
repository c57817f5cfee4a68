"""Changing a repository by verbs: drafted in memory, judged as a whole, and only then written."""
