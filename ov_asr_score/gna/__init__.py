"""GNA in software, in four rooms around the data of :mod:`~ov_asr_score.gna.model`.

``format`` turns blobs into a model and back, ``exact`` runs one bit for bit, ``graphs`` reads float models as layers,
and ``compiler`` makes a model of those. A runner feeds what runs; ``layer_errors`` holds integers beside floats.
"""
