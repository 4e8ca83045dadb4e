"""Piecewise linear tables that approximate activation functions."""
