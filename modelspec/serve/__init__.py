"""The built site on this machine: rebuilt when a file changes, with the faults shown where the page was.

Needs the packages of the extra `serve`.
"""
