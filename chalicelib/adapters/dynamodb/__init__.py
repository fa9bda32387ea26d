"""The tables: keys, items, one repository a concept, and the slim reads of the hot path."""
