"""Samples to features, in Kaldi's numbers: MFCC, fbank, PLP, spectrograms, pitch, and what follows them."""
