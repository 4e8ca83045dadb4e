"""Files that a job writes: whether they may be written over, tables beside others, captions that grow."""
