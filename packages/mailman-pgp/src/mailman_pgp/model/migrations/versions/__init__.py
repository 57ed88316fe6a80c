"""One module for each version of our tables."""
