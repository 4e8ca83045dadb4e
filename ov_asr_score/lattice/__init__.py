"""Best paths and lattices: Kaldi's archives, word times, n-best lists, confidences."""
