"""The frames that each node of a graph computes, as grids."""
