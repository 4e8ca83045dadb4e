"""Decoding beside latgen-faster-mapped, decode-faster-mapped and Kaldi's lattice tools.

Random graphs, scores and options; both sides answer utterance by utterance.
"""
