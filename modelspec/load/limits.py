"""How much one file may ask for (SPEC, "How YAML is read"); checked while reading, before anything is built."""

MAX_DEPTH = 32
"""Mappings and sequences inside one another."""

MAX_ALIASES = 100
"""Aliases in one file."""

MAX_NODES = 20_000
"""Scalars, mappings and sequences, those behind aliases counted each time."""

MAX_GIVEN = 1_000_000
"""Values that one defaults file may give to all models below it together: what it costs a pull request to write is no
bound of what it costs to check."""

MAX_ODD_CHARACTERS = 100
"""Control or invisible characters of one file that are named: a quarter of a million, one by one, would not help."""
