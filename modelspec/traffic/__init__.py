"""What really happened, held against the routing table: status, usage, drift, replay."""
