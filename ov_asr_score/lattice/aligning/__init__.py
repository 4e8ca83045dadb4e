"""How words and phones are found in transition-ids: on one path, and on all paths of a lattice."""
