"""Names and errors of layers, shared by several jobs."""
