"""Kaldi network files (nnet1, nnet2, nnet3) as plain data; needs numpy only."""
