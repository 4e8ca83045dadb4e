"""Kaldi's tables: archives, scripts and NPZ, read in order or by key, written, joined, split."""
