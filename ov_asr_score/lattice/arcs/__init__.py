"""What all passes over lattices need: states in order, arcs in groups, parts, times."""
