"""Unit tests of the routing: the cases of routes.test.yaml, run, measured and completed."""
