"""Rules, found by Mailman."""
