"""Commands, found by core."""
