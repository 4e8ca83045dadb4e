"""How a network is fed while sound comes in.

Tests: tests/scoring/looped/test_compiling.py
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LoopedOptions:
    """How Kaldi's online programs compute a network: so many frames at a time.

    ``frames_per_chunk`` is rounded up to what the network needs; fewer frames give results earlier, at more cost.
    ``extra_left_context_initial`` are copies of the first frame before the left context.
    ``frame_subsampling_factor`` 0: as the file of this name beside the model says, else 1. Source:
    nnet3/decodable-simple-looped.h, NnetSimpleLoopedComputationOptions.
    """

    frames_per_chunk: int = 24  # of features; Kaldi's default is 20, of online2-wav-nnet3-latgen-faster 24
    extra_left_context_initial: int = 0
    frame_subsampling_factor: int = 0
