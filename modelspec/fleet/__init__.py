"""Regions, heads, models and settings as plain frozen objects, and names led to what they name."""
