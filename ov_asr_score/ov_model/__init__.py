"""A path to something that can be compiled: loading, description and preparation of models."""
