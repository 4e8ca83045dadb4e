"""What was said, as a plain document, and its views for other programs."""
