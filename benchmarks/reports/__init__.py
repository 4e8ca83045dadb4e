"""Results as data, tables, JSON and a plot."""
