"""Commands, where core looks for them."""
