"""Digests: posts are collected sealed, put together in memory, and sent as posts are."""
