"""For those who receive events: verification, without any framework and without Mailman."""
