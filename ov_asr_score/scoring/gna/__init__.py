"""Models that are run as a GNA device would run them, whole or in part."""
