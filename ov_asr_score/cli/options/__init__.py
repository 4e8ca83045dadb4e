"""Typer options, grouped as the commands share them."""
