"""Which frames of which node a graph computes, and on which grid of frames."""
