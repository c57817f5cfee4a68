"""Inline SVG as pure functions to Markup, without inline styles, for a strict content security policy."""
