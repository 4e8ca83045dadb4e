"""From scores to words: graph search, CTC, worker processes."""
