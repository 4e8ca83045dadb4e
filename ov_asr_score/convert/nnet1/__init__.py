"""Networks of nnet1: chains of layers over whole utterances or streams of frames."""
