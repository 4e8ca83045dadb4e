"""GNA in software: read, write, compile and run models for Intel's Gaussian & Neural Accelerator.

``model`` holds the data that all rooms share. ``format`` reads and writes blobs, ``exact`` runs a model bit for bit,
``graphs`` reads float models as layers of the device, and ``compiler`` turns those into a model. ``runner`` runs
programs for the scoring engine; ``layer_errors`` compares the integers of each layer with its float values.
"""
