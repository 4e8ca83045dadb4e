"""What the axes of a model's inputs and outputs mean, and graphs changed so that they all mean the same."""
