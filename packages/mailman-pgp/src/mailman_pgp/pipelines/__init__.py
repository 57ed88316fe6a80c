"""Pipelines, found by Mailman."""
