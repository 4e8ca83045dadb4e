"""Kaldi's matrices, from bytes to arrays and back."""
