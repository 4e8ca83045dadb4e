"""Left and right context of a network: how many input frames a frame of scores needs before and after it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_model.frames.computability import Span, frame_sets
from ov_asr_score.kaldi_model.frames.evaluation_order import evaluation_order, modulus, time_period
from ov_asr_score.kaldi_model.frames.reach import reading_distance
from ov_asr_score.kaldi_model.network import KaldiNetwork

_FIRST_WINDOW = 40
_LAST_WINDOW = 40_000
# Kaldi gives up at windows of 640 frames, which a larger modulus mostly exceeds.
_LARGEST_MODULUS = 1000


@dataclass(frozen=True, slots=True)
class Contexts:
    """Frames before and after (``left``, ``right``), and the ``modulus`` of the network in frames."""

    left: int
    right: int
    modulus: int


def network_contexts(network: KaldiNetwork, output: str = "output") -> Contexts:
    """The contexts of one output of an nnet3 network, found as nnet3 finds them.

    From a window of input frames, the frames of the output that can be computed show how many are missing on either
    side; every shift within the modulus is tried. Raises UnsupportedModelError when nothing can be computed, and for a
    modulus of more than 1000 frames. Kaldi: it gives up in ``ComputeSimpleNnetContext``, at smaller windows.
    Agrees with ``ComputeSimpleNnetContext`` (nnet3/nnet-utils.cc).
    """
    step = modulus(network)
    _check_modulus(network, step)
    groups = evaluation_order(network, [output])
    window = _FIRST_WINDOW
    while window < _LAST_WINDOW:
        contexts: list[tuple[int, int]] = []
        for start in range(step):
            context = _context_for_shift(network, output, groups, start, window, step)
            if context is None:
                break
            contexts.append(context)
        if len(contexts) == step:
            return Contexts(max(left for left, _ in contexts), max(right for _, right in contexts), step)
        window *= 2
    raise UnsupportedModelError(
        f"{network.source}: output '{output}' cannot be computed from {window // 2} frames of input; does it depend on "
        "itself without a delay, or on frames that no input gives?"
    )


def check_period(network: KaldiNetwork) -> None:
    """Raise UnsupportedModelError for a network whose frames repeat a pattern of more than 1000 frames."""
    _check_modulus(network, time_period(network))


def _check_modulus(network: KaldiNetwork, step: int) -> None:
    """Reason: every shift within the modulus is simulated. Kaldi too tries each, within windows of 640 frames."""
    if step > _LARGEST_MODULUS:
        raise UnsupportedModelError(
            f"{network.source}: expected a modulus of at most {_LARGEST_MODULUS} frames, found {step}; see Switch and "
            "Round in the nodes"
        )


def _context_for_shift(
    network: KaldiNetwork, output: str, groups: list[tuple[tuple[str, int], ...]], start: int, window: int, step: int
) -> tuple[int, int] | None:
    margin = window + step + reading_distance(network, groups)
    span = Span(start - margin, window + 2 * margin)
    inside = (span.times >= start) & (span.times < start + window)
    input_frames = {
        node.name: inside if node.name == "input" else (span.times >= start - step) & (span.times < start + window)
        for node in network.inputs
    }
    frames = frame_sets(network, groups, span, input_frames, {}).computable[(output, 0)][inside]
    if not frames.any():
        return None
    first = int(np.argmax(frames))
    missing = np.flatnonzero(~frames[first:])
    return first, window - (first + int(missing[0])) if len(missing) else 0
