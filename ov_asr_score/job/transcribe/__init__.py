"""From the folder of a model and sound to words."""
