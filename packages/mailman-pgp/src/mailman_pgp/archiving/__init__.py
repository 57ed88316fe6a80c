"""Archives of encrypted lists: each post once more, encrypted to those who are to read the archive."""
