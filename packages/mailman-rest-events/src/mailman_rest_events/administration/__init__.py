"""What operators see and do: the data and the deeds in one place, for the command line and for REST."""
