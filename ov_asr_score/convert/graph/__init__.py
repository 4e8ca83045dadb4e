"""Nodes, components and recurrences assembled into one OpenVINO graph."""
