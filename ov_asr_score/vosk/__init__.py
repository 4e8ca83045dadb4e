"""A door for users of vosk: the import changes, the program stays."""
