"""Token passing in a complete graph, or in a lookahead pair that is composed on the way; compiled by numba."""
