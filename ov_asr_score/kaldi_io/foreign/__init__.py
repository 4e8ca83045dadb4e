"""What a file is that was given where a model, a table or another file is expected, from its first bytes."""
