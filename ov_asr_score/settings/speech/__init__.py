"""What may be asked of sound, features and i-vectors, one record per setting."""
