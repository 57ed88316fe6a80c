"""Our tables in Mailman's database."""
