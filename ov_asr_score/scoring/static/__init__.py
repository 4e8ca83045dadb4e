"""Models whose shapes are all fixed: how utterances go through them with the scores of the free form."""
