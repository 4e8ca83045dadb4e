"""Piecewise linear tables that stand for activation functions."""
