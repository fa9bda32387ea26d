"""Pure rules: stdlib and pydantic only; time and randomness are arguments."""
