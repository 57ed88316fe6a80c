"""Reusable steps by which people join and leave encrypted lists; see `mailman_workflows`."""
