"""Text: where things stand in it, what of it can be seen, and names that are close to each other."""
