"""Trial requests that settle what shapes leave open."""
