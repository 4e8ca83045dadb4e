"""Fair measurements: turns, timing, memory, written files."""
