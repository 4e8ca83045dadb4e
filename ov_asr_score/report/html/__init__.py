"""Reports as a single HTML page."""
