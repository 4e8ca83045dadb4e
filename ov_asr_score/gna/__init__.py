"""GNA in software: exported blobs, integer arithmetic as Intel's library has it, quantization of float models.

Layers from the outside in: :mod:`blob` turns bytes into a :class:`model.GnaModel` and back, :mod:`program` makes it
ready to run on many utterances at a time, :mod:`runner` feeds it.
"""
