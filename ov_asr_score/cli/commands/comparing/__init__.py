"""Commands that compare: two score tables, two models layer by layer, two profiles."""
