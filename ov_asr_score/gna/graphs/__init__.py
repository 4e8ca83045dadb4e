"""Float models as layers that GNA supports: read from OpenVINO graphs, run in float32, partitioned."""
