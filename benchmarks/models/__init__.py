"""Benchmark models and archives, made from a seed, and the subjects to measure."""
