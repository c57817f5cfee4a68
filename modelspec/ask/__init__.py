"""Questions to a routing table: where a request goes and why, tests of the routing, drills."""
