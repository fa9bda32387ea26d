"""Routes: a Blueprint per concept; a handler parses, calls one service, presents."""
