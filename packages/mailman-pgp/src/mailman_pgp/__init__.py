"""Encrypted mailing lists for GNU Mailman 3."""
