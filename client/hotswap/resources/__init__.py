"""What the API keeps, a file per concept: the values it returns and the requests that make them."""
