"""Recognition: what decides when an utterance ends, how a network is fed live, which words are wanted."""
