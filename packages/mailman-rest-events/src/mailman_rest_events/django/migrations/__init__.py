"""The tables of the website, step by step."""
