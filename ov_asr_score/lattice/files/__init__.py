"""Lattices as bytes and as text."""
