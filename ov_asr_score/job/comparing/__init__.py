"""Two score tables, two models layer by layer, or two profiles compared."""
