"""What may be asked of a run, as plain data."""
