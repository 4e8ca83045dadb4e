"""Inputs that need no table: states, which become variables, and what the tool itself can tell (lengths, masks)."""
