"""Contexts, frames that can be computed, and the order in which nodes are computed."""
