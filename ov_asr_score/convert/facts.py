"""How a converted model is fed and what it was made from; kept in its ``rt_info``, and so in the IR.

Tests: tests/convert/test_rt_info.py
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FRAMES_LEFT_INPUT = "frames_left"
"""Input [B, 1] of frame graphs that must know the end: last frame of scores minus frames of earlier requests."""

RESTART_INPUT = "restart"
"""Input [lanes, 1] of what takes many utterances in lock-step: 1 where the frames of a lane begin one, else 0."""

STATE_INPUT = "looped_state"
"""Input [B, S] of looped graphs: what the requests before left of each utterance; zeros at first."""

NEXT_STATE_OUTPUT = "looped_state.next"
"""Output [B, S] of looped graphs: the state for the next request of each utterance."""

EDGES_INPUT = "chunk_edges"
"""Input [B, 2] of chunk graphs whose first or last chunks have other contexts: 1 for first, 1 for last, else 0."""


@dataclass(frozen=True, slots=True)
class ConversionFacts:
    """How a converted model is to be fed. All lengths are in frames of the features.

    ``time``:

    - ``utterance``: a request takes a whole utterance [1, T, D] and repeats its edges itself;
    - ``chunk``: a request takes a window [B, W, D] and gives W - left - right frames of scores (before subsampling);
      the windows of an utterance are cut as nnet3-compute cuts them, with edges already repeated;
    - ``frame``: a request takes ``frames_per_request`` frames [1, F, D] in order and keeps variable state; the first
      frame is fed ``fed_before`` times more, the last one until all scores are there, and the scores of the first
      ``delay`` frames are dropped;
    - ``looped``: as ``frame``, for any number of utterances [B, F, D], but with the state among inputs and outputs, and
      ``delay`` a multiple of ``frames_per_chunk``: what Kaldi computes as chunk k comes once the features up to its
      last frame and the right context are fed;
    - ``vector``: a request takes windows [B, W, D] of ``least_frames`` or more as they are, and gives one vector of
      each, [B, 1, N]. An utterance is cut into windows of ``frames_per_chunk`` frames (0: it is one), and their vectors
      are averaged, as nnet3-xvector-compute does. A window of fewer than ``min_chunk_size`` frames is filled up with
      copies of its first and last one, or left out without ``pad_input``.

    ``left_context`` and ``right_context`` are those of the network without the extra contexts of chunks. A request
    gives ceil(frames / ``frame_subsampling_factor``) rows. ``ivector_inputs`` names inputs [1, D] that hold one vector
    per request (joined by commas). ``options`` is a readable list of the options of the conversion.

    ``batch_compute``: the windows are those of nnet3-compute-batch, which moves the last one back so that it is whole,
    and fills up an utterance shorter than a window unless ``ensure_exact_final_context``. It gives a chunk all frames
    of its last step of subsampling; these are in ``extra_right_context``, and in ``extra_right_context_final`` if set.

    ``reach_left`` and ``reach_right`` are how many frames before and after its own a row of scores may depend on, -1
    for any number (recurrences). An utterance that is cut is cut at multiples of ``alignment`` frames.

    ``nonfinite_weights`` names parameters that are NaN or infinite; such a model is used by permission only.
    """

    time: str
    source: str
    source_sha256: str
    generation: int
    left_context: int
    right_context: int
    modulus: int = 1
    frame_subsampling_factor: int = 1
    frames_per_chunk: int = 0
    extra_left_context: int = 0
    extra_right_context: int = 0
    extra_left_context_initial: int = -1
    extra_right_context_final: int = -1
    frames_per_request: int = 0
    delay: int = 0
    fed_before: int = 0
    ivector_inputs: str = ""
    batch_compute: bool = False
    ensure_exact_final_context: bool = False
    pad_input: bool = True
    min_chunk_size: int = 0
    least_frames: int = 1
    reach_left: int = -1
    reach_right: int = -1
    alignment: int = 1
    options: str = ""
    version: str = ""
    nonfinite_weights: str = ""

    @property
    def window_left(self) -> int:
        """Frames of a window of ``chunk`` before those of its scores."""
        return self.left_context + max(self.extra_left_context, self.extra_left_context_initial)

    @property
    def window_right(self) -> int:
        """Frames of a window of ``chunk`` behind the last that a row of its scores is for."""
        return self.right_context + max(self.extra_right_context, self.extra_right_context_final)

    @property
    def window_frames(self) -> int:
        """Frames of a whole window of ``chunk``."""
        rows = self.frames_per_chunk // self.frame_subsampling_factor
        return self.window_left + (rows - 1) * self.frame_subsampling_factor + 1 + self.window_right

    @property
    def can_pad(self) -> bool:
        """Whether what follows an utterance in a request, copies of its last frame, leaves its scores as they are.

        So it is where no score depends on frames that Kaldi would not have either, being beyond the right context.
        """
        return 0 <= self.reach_right <= self.right_context


def source_name(source: str) -> str:
    """What is kept of where a network was read from: the name of its file, or the whole of a command."""
    return source if source.endswith("|") else Path(source).name
