"""Sound, or tables of features, to what an acoustic model takes."""
