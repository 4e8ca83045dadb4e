"""Word and character errors between a reference and a hypothesis, and what can be concluded from them."""
