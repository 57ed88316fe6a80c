"""What is answered, in JSON Schema, one for each form of an answer."""
