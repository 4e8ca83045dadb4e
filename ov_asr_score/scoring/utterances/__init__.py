"""Tables joined by key into utterances."""
