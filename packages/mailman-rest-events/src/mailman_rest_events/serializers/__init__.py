"""What of an event is told: one function by hand for each class; never whatever its attributes hold."""
