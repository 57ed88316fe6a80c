"""Styles, found by Mailman."""
