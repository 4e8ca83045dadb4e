"""Sound to words: ours, vosk and Kaldi with the same model, each in a process of its own on one core."""
