"""Online i-vectors, as ivector-extract-online2 computes them."""
