"""Changing a repository by verbs: drafted in memory, judged as a whole, then written."""
