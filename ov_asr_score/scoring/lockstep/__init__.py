"""Many utterances of a model with state, one frame of each per request."""
