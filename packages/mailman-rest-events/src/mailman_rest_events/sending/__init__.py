"""The way of an event from the outbox to its endpoint."""
