"""What happens to the fleet when heads or regions go down: the N-1 analysis."""
