"""The commands, a file per group; each parses, makes one or two requests, and shows the answer."""
