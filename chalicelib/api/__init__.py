"""The HTTP API: a Blueprint per concept, one `@endpoint` around each handler, one shape for every answer."""
