"""Files opened for reading, and written under a temporary name until they are complete."""
