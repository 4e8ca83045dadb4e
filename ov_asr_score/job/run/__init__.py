"""The parts of a scoring run: tables, checks, references, reports."""
