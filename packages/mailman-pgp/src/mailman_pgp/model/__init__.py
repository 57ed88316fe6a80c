"""Our tables in Mailman's own database, and what keeps them in step with core's."""
