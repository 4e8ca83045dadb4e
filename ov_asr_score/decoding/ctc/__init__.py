"""Words from the scores of CTC models: greedy, prefix beam search with a language model, or a graph."""
