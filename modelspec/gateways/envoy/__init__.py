"""Envoy at the edge, which chooses the head for a request."""
