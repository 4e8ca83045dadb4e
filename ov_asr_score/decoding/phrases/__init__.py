"""Phrases, grammars and boosted words: which words a graph may say, and which it prefers."""
