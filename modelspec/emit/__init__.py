"""Routing table to artifacts: one module per output, each pure."""
