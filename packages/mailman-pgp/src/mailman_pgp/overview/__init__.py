"""What is to be known about an encrypted list, for those who look after it, by whatever door they look."""
