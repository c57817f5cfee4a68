"""Questions to a routing table: where a request is routed and why, routing tests, drills."""
