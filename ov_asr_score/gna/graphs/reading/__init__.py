"""Reads operations of an OpenVINO model into the float graph from which GNA models are compiled."""
