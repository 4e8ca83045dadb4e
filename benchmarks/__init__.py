"""Benchmarks: the commands stand here, ``models``, ``contestants``, ``measuring`` and ``reports`` are what they use."""
