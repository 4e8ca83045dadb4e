"""What words need besides the search: their symbols and times, and the segments of a transcript."""
