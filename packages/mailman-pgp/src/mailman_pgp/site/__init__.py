"""What belongs to the site: its settings, its key, and whether this process may use them."""
