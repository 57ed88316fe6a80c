"""Chains, found by Mailman."""
