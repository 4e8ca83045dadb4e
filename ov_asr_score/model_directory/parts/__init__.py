"""Parts of a model directory that several layouts have: its files, options of programs, graph, i-vectors, checks."""
