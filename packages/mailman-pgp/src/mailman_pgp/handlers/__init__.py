"""Handlers, found by Mailman."""
