"""What models and graphs hold, as sections of facts."""
