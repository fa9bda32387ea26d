"""Use cases, `verb_noun(command, ports) -> result`, a file per concept."""
