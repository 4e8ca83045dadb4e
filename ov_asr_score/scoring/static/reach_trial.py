"""How far scores look around their frame, and windows that give the scores of whole utterances: by trial.

A model in doubt is taken for one that looks at the whole utterance, which costs time, but never wrong scores.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import lcm

import numpy as np

from ov_asr_score.errors import DeviceError, ShapeMismatchError
from ov_asr_score.openvino_api import ov
from ov_asr_score.scoring.axes.probing import ShapeProbe
from ov_asr_score.scoring.engine import score_utterances
from ov_asr_score.scoring.input_fit import InputFit
from ov_asr_score.scoring.plan import BlocksPlan, EqualWindows, UtterancePlan
from ov_asr_score.scoring.requests.runner import Float32Array, Runner
from ov_asr_score.scoring.utterances.joining import Utterance
from ov_asr_score.scoring.utterances.noise_size import noise_size

# Utterances that are tried have at least so many frames, and at most.
_LEAST_FRAMES, _MOST_FRAMES = 128, 8192
_MOST_FRAMES_PER_ROW = 16
# Windows begin at multiples of the frames per row, or of these multiples of them where a graph works in blocks.
_ALIGNMENTS = (1, 2, 3, 4, 6, 8, 12, 16)
_MOST_ALIGNED = 64
_MOST_REMAINDERS = 6
_LEAST_STEP = 128  # frames that a window gives scores of
# Of noise, in multiples of the features. Where the largest of several frames counts, one of two signs shows each frame.
_SIZES = (1.0, 20.0, -20.0, 0.05)
_LEAST_CUTS = 4  # places in an utterance where noise begins or ends
# The same sum in another place or beside other rows: rounding.
_TOLERANCE = 2e-5

_Frames = dict[str, Float32Array]


@dataclass(frozen=True, slots=True)
class _Reach:
    left: int
    right: int


def rows_factors(model: ov.Model, fits: Sequence[InputFit], outputs: Sequence[int]) -> tuple[int, ...] | None:
    """The frames for each row of the ``outputs``, as shapes tell; None where one of them has no such number.

    An output that has as many rows for every length, or several for a frame, has none.
    """
    lengths = range(_LEAST_FRAMES, _LEAST_FRAMES + 2 * _MOST_FRAMES_PER_ROW)
    counts: list[list[int]] = [[] for _ in outputs]
    probe = ShapeProbe(model)
    for frames in lengths:
        shapes = probe.outputs({index: fit.shape_for(frames) for index, fit in enumerate(fits)})
        if shapes is None:
            return None
        for rows, number in zip(counts, outputs, strict=True):
            shape = shapes[number]
            if not shape or None in shape:
                return None
            rows.append(int(np.prod([length or 0 for length in shape[:-1]])))
    factors = [_factor(rows) for rows in counts]
    return None if None in factors else tuple(factor or 0 for factor in factors)


def _factor(rows: Sequence[int]) -> int | None:
    for frames in range(1, _MOST_FRAMES_PER_ROW + 1):
        grown = {later - earlier for earlier, later in zip(rows, rows[frames:], strict=False)}
        if len(grown) == 1:
            return frames if grown == {1} else None
    return None


def find_windows(
    runner: Runner,
    fits: Sequence[InputFit],
    factors: Sequence[int],
    bound: int,
    utterance: Utterance | None,
    frames: int = 0,
) -> EqualWindows | None:
    """Windows of ``frames`` frames (0: as many as suit) that give the scores of whole utterances; None without any.

    ``runner`` takes any number of frames; ``factors`` are those of all outputs, and no score looks farther than
    ``bound`` frames (:func:`ov_asr_score.ov_model.reach.reach_bound.reach_bound`). Utterances of noise and of frames of
    ``utterance`` are changed before and behind a frame, to find how far scores look; then scores of windows are
    compared with those of whole utterances. Windows of fewer than ``frames`` are given where those are too short.
    """
    try:
        with np.errstate(all="ignore"):  # what overflows tells nothing
            return _find_windows(runner, fits, factors, bound, utterance, frames)
    except (DeviceError, ShapeMismatchError):
        return None  # noise is not what such a model takes


def _find_windows(
    runner: Runner,
    fits: Sequence[InputFit],
    factors: Sequence[int],
    bound: int,
    utterance: Utterance | None,
    frames: int,
) -> EqualWindows | None:
    unit = lcm(*factors)
    for alignment in (unit * multiple for multiple in _ALIGNMENTS):
        length = max(_LEAST_FRAMES, 2 * (bound + 2 * alignment))
        if length > _MOST_FRAMES or alignment > max(unit, _MOST_ALIGNED):
            return None
        reach = _find_reach(runner, fits, factors, utterance, alignment, length)
        if reach is None:
            return None
        left = -(-reach.left // alignment) * alignment
        context = left + reach.right
        step = -(-max(_LEAST_STEP, 3 * context) // alignment) * alignment
        chosen = max(frames, context + alignment) if frames else context + step
        windows = EqualWindows(chosen, left, reach.right, alignment, tuple(factors))
        if _windows_agree(runner, fits, windows, utterance):
            return windows
    return None


def blocks_agree(
    runner: Runner, fits: Sequence[InputFit], frames: int, bound: int, utterance: Utterance | None
) -> bool:
    """Whether a model with variables gives the same scores for blocks of ``frames`` frames as for whole utterances.

    So do models that carry all that they remember in variables and look back only. Within a request no score looks
    farther than ``bound`` frames, apart from layers without bounds; one of the trial utterances is longer than that.
    """
    longest = 2 * (bound + frames)
    if longest > _MOST_FRAMES:
        return False
    lengths = (2 * frames, 2 * frames + 1, 3 * frames - 1, frames // 2 + 1, longest)
    utterances = list(_utterances(fits, utterance, lengths))
    plan = BlocksPlan(frames, stateful=True)
    return _plans_agree(runner, fits, plan, UtterancePlan(stateful=True), utterances)


def _find_reach(
    runner: Runner,
    fits: Sequence[InputFit],
    factors: Sequence[int],
    utterance: Utterance | None,
    alignment: int,
    length: int,
) -> _Reach | None:
    """How many frames before and behind its own a row may depend on, found in utterances of ``length`` frames.

    None where that may be all of them, or where nothing is found.
    """
    left = right = 0
    is_seen = False
    middle = length // 2 // alignment * alignment
    # Padding may depend on what is left over when the length is divided by the frames per row.
    lengths = range(length, length + alignment, max(1, alignment // _MOST_REMAINDERS))
    for tried in _utterances(fits, utterance, lengths):
        before = _whole(runner, fits, tried)
        if not all(np.isfinite(scores).any() for scores in before):
            return None
        for cut, size in product(range(middle, middle + max(alignment, _LEAST_CUTS)), _SIZES):
            noise = _noise(fits, tried, np.random.default_rng((tried.num_frames, cut)), size)
            behind = _whole(runner, fits, _joined(tried, noise, cut))
            ahead = _whole(runner, fits, _joined(noise, tried, cut))
            for factor, one, late, early in zip(factors, before, behind, ahead, strict=True):
                looks_ahead, looks_back = _changed(one, late), _changed(one, early)
                if 0 in looks_ahead or len(one) - 1 in looks_back:
                    return None  # to the ends of the utterance, or farther
                if looks_ahead.size:
                    right = max(right, cut - int(looks_ahead[0]) * factor)
                if looks_back.size:
                    left = max(left, int(looks_back[-1]) * factor - (cut - 1))
                is_seen = is_seen or bool(looks_ahead.size and looks_back.size)
    return _Reach(left, right) if is_seen else None


def _changed(one: Float32Array, other: Float32Array) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
    """The rows in which the scores differ in any way."""
    if one.shape != other.shape:
        return np.arange(len(one))
    return np.flatnonzero(np.any((one != other) & ~(np.isnan(one) & np.isnan(other)), axis=1))


def _windows_agree(
    runner: Runner, fits: Sequence[InputFit], windows: EqualWindows, utterance: Utterance | None
) -> bool:
    longest = 3 * windows.frames
    lengths = [windows.frames, *range(longest, longest + windows.alignment), windows.frames + 1]
    utterances = list(_utterances(fits, utterance, lengths))
    return _plans_agree(runner, fits, UtterancePlan(windows=windows), UtterancePlan(), utterances)


def _plans_agree(
    runner: Runner,
    fits: Sequence[InputFit],
    plan: UtterancePlan | BlocksPlan,
    whole: UtterancePlan,
    utterances: Sequence[Utterance],
) -> bool:
    """Whether ``plan`` gives the scores of ``whole`` for all ``utterances``; what is not finite is so in both."""
    try:
        results = list(score_utterances(runner, fits, plan, utterances))
        expected = list(score_utterances(runner, fits, whole, utterances))
    except (DeviceError, ShapeMismatchError):
        return False
    for result, wanted in zip(results, expected, strict=True):
        for name, scores in wanted.scores.items():
            other = result.scores[name]
            if other.shape != scores.shape:
                return False
            finite = np.isfinite(scores)
            scale = float(np.max(np.abs(scores[finite]), initial=0.0))
            same = (np.abs(other - scores) <= _TOLERANCE * scale) | ~finite
            if not np.all(same) or np.any(finite != np.isfinite(other)):
                return False
    return True


def _whole(runner: Runner, fits: Sequence[InputFit], frames: Utterance) -> list[Float32Array]:
    """Rows of scores of each output for a whole utterance."""
    (result,) = score_utterances(runner, fits, UtterancePlan(), [frames])
    return list(result.scores.values())


def _utterances(fits: Sequence[InputFit], utterance: Utterance | None, lengths: Iterable[int]) -> Iterator[Utterance]:
    """For each length an utterance of noise and, if there is one, one of frames of ``utterance`` again and again."""
    generator = np.random.default_rng(0)
    for length in lengths:
        scales = _scales(fits, utterance)
        noise = {}
        for fit in fits:
            shape = (fit.width,) if fit.kind == "vector" else (length, fit.width)
            noise[fit.name] = (generator.standard_normal(shape) * scales[fit.name]).astype(np.float32)
        yield Utterance(f"noise of {length} frames", noise, length)
        if utterance is not None and utterance.num_frames:
            yield Utterance(f"{length} frames", _repeated(fits, utterance, length), length)


def _repeated(fits: Sequence[InputFit], utterance: Utterance, length: int) -> _Frames:
    frames = {}
    for fit in fits:
        value = _finite(utterance.features[fit.name])
        if fit.kind == "vector":
            frames[fit.name] = value if value.ndim == 1 else value[len(value) // 2]
        elif value.ndim == 1:
            frames[fit.name] = value
        else:
            frames[fit.name] = value[np.arange(length) % len(value)]
    return frames


def _scales(fits: Sequence[InputFit], utterance: Utterance | None) -> dict[str, float]:
    """How large the values of each input usually are."""
    if utterance is None or not utterance.num_frames:
        return {fit.name: 1.0 for fit in fits}
    return {fit.name: noise_size(utterance.features[fit.name]) for fit in fits}


def _finite(value: object) -> Float32Array:
    array: Float32Array = np.nan_to_num(np.asarray(value, np.float32), posinf=0.0, neginf=0.0)
    return array


def _noise(fits: Sequence[InputFit], tried: Utterance, generator: np.random.Generator, size: float) -> Utterance:
    """The utterance with noise for its frames; vectors stay."""
    scales = _scales(fits, tried)
    noise = {}
    for fit in fits:
        value = tried.features[fit.name]
        if value.ndim == 2:
            value = (generator.standard_normal(value.shape) * scales[fit.name] * size).astype(np.float32)
        noise[fit.name] = value
    return Utterance(tried.key, noise, tried.num_frames)


def _joined(first: Utterance, second: Utterance, cut: int) -> Utterance:
    """The frames of ``first`` before ``cut``, and those of ``second`` from there on."""
    features = {
        name: value if value.ndim == 1 else np.concatenate([value[:cut], second.features[name][cut:]])
        for name, value in first.features.items()
    }
    return Utterance(first.key, features, first.num_frames)
