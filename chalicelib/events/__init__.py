"""What runs by the clock or by an event instead of a request."""
