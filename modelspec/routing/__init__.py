"""The routing table, how it is made of a fleet, and what becomes of one request."""
