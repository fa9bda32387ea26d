"""State machine tasks: one file a state, named like it; see ``statemachines/README.md``."""
