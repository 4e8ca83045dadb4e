"""Lookahead pairs beside nnet3-latgen-faster-lookahead: random pairs, scores, limits and pieces."""
