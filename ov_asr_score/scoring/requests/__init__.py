"""Utterances into infer requests, and their results back into utterances."""
