"""Tells HTTP endpoints what happens in GNU Mailman 3."""
