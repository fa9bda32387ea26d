"""The show: a payment plugin goes from 1.0.0 to 2.0.0; two tenants charge a card on each."""
