"""The built site on this machine, rebuilt when a file changes; pages show the faults, if any.

Needs the packages of the extra `serve`.
"""
