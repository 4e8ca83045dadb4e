"""Programs and runtimes that are compared with ``score``."""
