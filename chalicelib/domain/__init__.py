"""Pure rules: stdlib, pydantic and jsonschema only; time and randomness are arguments."""
