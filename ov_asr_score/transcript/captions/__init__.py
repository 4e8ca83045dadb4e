"""Captions: words in readable pieces, and the files of them."""
