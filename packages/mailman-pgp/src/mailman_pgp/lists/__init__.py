"""Encrypted lists: which they are, how one becomes one, and how it presents itself."""
