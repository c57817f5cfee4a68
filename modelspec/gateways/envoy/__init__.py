"""Envoy at the edge, which picks the head of a request."""
