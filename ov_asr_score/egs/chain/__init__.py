"""Chain examples (LF-MMI): supervision and denominator graphs as Kaldi writes them, and the objective; numpy only."""
