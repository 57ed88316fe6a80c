"""Reusable steps; those of stock Mailman's own workflows among them."""
