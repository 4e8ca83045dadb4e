"""Inside of word lattices and confusion networks."""
