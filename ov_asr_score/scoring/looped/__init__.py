"""Kaldi's looped computation: a network computed chunk by chunk, for many utterances in one request."""
