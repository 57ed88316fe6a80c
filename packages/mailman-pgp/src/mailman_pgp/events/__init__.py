"""What happens on encrypted lists, told to whoever subscribes, and to endpoints where mailman-rest-events is installed."""
