"""Events that wait to be sent, in the database of Mailman."""
