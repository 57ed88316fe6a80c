"""Commands, found by Mailman."""
