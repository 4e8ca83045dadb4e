"""Reports on the console."""
