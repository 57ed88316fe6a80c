"""Keys: the secret ones of lists, and which certificate counts for which address on which list."""
