"""Migrations of our tables."""
