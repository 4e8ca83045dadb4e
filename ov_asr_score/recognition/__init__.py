"""From a model directory and sound to words: recognizers, and sessions in which sound comes in pieces."""
