"""Two states of a repository compared: what a change does to the compiled routes, and what guards say to it."""
