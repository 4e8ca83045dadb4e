"""Language models of phrases and grammars, for graphs that are composed with one while they are searched."""
