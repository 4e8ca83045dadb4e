"""Kaldi judges recognition: sound to words, whole files and live."""
