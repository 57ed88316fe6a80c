"""Found by mailman-workflows."""
