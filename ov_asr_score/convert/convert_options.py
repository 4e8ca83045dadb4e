"""Options of a conversion.

Tests: tests/golden/test_cases.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

TimeMode: TypeAlias = Literal["utterance", "frame", "looped"]


@dataclass(frozen=True, slots=True, eq=False)
class ConvertOptions:
    """Plain values that change the graph; the names are those of Kaldi's options.

    ``time``: the whole utterance in one request, or ``frames_per_request`` frames per request with variable state, of
    ``batch`` utterances at a time. ``looped``: frames in order as well, but in chunks of ``looped_chunk`` frames as
    Kaldi's online programs compute them, ``chunks_per_request`` at a time, with the state among inputs and outputs.
    ``frames_per_chunk`` 0 makes the whole utterance one chunk; otherwise frames of scores before subsampling, raised to
    a multiple of the subsampling factor and of the network's modulus as nnet3-compute does. The extra contexts are
    frames; -1 for the initial and final ones means the same as for other chunks.
    ``gives_vector``: the output is one vector for a whole request, whose edges are not repeated; ``frames_per_chunk``,
    ``min_chunk_size`` and ``pad_input`` then say how utterances are cut.
    ``log_priors`` [pdfs] are subtracted from the scores, times ``prior_scale``.
    """

    time: TimeMode = "utterance"
    frames_per_request: int = 0
    batch: int = 1
    looped_chunk: int = 0
    chunks_per_request: int = 1
    frame_subsampling_factor: int = 1
    frames_per_chunk: int = 0
    extra_left_context: int = 0
    extra_right_context: int = 0
    extra_left_context_initial: int = -1
    extra_right_context_final: int = -1
    outputs: tuple[str, ...] = ()
    keep_nodes: frozenset[str] = frozenset()
    log_priors: NDArray[np.float32] | None = None
    prior_scale: float = 1.0
    no_softmax: bool = False
    log_softmax: bool = False
    apply_log: bool = False
    apply_exp: bool = False
    acoustic_scale: float = 1.0
    pad_input: bool = True
    gives_vector: bool = False
    min_chunk_size: int = 0
    divide_by_priors: bool = False
