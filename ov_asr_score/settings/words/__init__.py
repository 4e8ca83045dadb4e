"""What may be asked of decoding, transcripts and word errors."""
