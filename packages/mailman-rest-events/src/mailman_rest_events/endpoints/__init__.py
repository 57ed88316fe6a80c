"""Who is told: the endpoints as an operator writes them down."""
