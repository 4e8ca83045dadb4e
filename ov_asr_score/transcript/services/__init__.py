"""Views of a transcript in the JSON of speech services, for clients that were written for those."""
