"""Training examples of Kaldi (egs): reading them, and the objectives that Kaldi logs for them."""
