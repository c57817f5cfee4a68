"""The routing table, how it is made of a fleet, and the outcome of one request."""
