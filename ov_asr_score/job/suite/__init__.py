"""Suites of scoring runs: the file, the runs, verdicts, baselines."""
