"""Search in a pair of graphs that is composed on the way (HCLr.fst and Gr.fst), compiled by numba."""
