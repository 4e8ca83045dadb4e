"""Sound to samples: files, streams, lists of recordings. Samples are float32 on the scale of 16-bit integers."""
