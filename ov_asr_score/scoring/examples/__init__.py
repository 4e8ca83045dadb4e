"""Scores for training examples: exactly the frames that each has labels for, from exactly those it has."""
