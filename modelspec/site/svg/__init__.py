"""Inline SVG as pure functions to Markup: classes and presentation attributes only, for a strict content policy."""
