"""One OpenVINO graph from nodes, components and recurrences."""
