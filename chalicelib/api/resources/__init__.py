"""What the API takes and gives, a file per concept: bodies with their commands, resources with their sources."""
