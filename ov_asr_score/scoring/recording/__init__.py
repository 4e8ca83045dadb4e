"""What a model computes on the way, recorded for calibration and comparison of layers."""
