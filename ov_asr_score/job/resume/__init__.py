"""Runs that continue where an interrupted run ended."""
