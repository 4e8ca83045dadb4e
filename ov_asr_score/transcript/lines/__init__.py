"""Views of one line per utterance or word, as Kaldi and NIST's sclite read them."""
