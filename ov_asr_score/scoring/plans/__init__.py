"""Which plan a model gets, and how large its requests are."""
