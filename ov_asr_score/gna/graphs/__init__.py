"""Float models as layers that GNA has: read from OpenVINO graphs, run in float32, cut into parts."""
