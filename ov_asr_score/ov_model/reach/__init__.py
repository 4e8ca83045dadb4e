"""How far the scores of a model look around their frame, as far as its graph tells."""
