"""Readers of model files, one for each generation of Kaldi's networks."""
