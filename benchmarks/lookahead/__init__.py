"""Searches in lookahead pairs, ours and Kaldi's, each in a process of its own that has just begun."""
