"""The numerator against sums over all paths, and automata that Kaldi refuses."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from ov_asr_score.egs.chain.numerator import frame_bounds, numerator
from ov_asr_score.errors import TableFormatError
from tests.egs.chain.graphs import Arc, all_paths, fst_of, log_sum, supervision_of

# Two sequences of two frames, one behind the other; state 5 is a dead end.
TIMED: list[Arc] = [
    (0, 1, 1, 0.5),
    (0, 2, 2, -0.25),
    (0, 2, 3, 0.0),
    (1, 3, 2, 1.0),
    (2, 3, 1, 0.125),
    (3, 4, 3, 0.0),
    (3, 5, 1, 0.75),
    (4, 6, 2, 0.5),
    (4, 7, 2, 0.25),
    (4, 7, 1, 0.25),
]
TIMED_FINALS = {6: 0.5, 7: 0.0}
LOOPED: list[Arc] = [(0, 0, 1, 0.75), (0, 1, 2, 0.25), (1, 1, 2, 0.5), (1, 2, 3, 0.0), (2, 2, 3, 1.0), (2, 0, 1, 0.1)]
LOOPED_FINALS = {1: 0.5, 2: 0.25}


def scores_of(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(1).normal(0, 2, shape).astype(np.float32)


def sum_over_paths(
    arcs: list[Arc], finals: dict[int, float], scores: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
) -> tuple[float, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    """Log-probability and posteriors [frames, pdfs] for scores [frames, pdfs]."""
    paths, logs = [], []
    for path in all_paths(arcs, 0, len(scores)):
        end = path[-1][1]
        if end in finals:
            paths.append(path)
            logs.append(
                math.fsum(float(scores[time, arc[2] - 1]) - arc[3] for time, arc in enumerate(path)) - finals[end]
            )
    total = log_sum(logs)
    posteriors = np.zeros(scores.shape)
    for path, log in zip(paths, logs, strict=True):
        for time, arc in enumerate(path):
            posteriors[time, arc[2] - 1] += math.exp(log - total)
    return total, posteriors


def test_sequences_one_behind_the_other() -> None:
    scores = scores_of(2, 2, 3)
    supervision = supervision_of(fst_of(TIMED, TIMED_FINALS), frames=2, pdfs=3, sequences=2, weight=0.25)
    # The automaton goes through all frames of the first sequence, then of the second.
    total, posteriors = sum_over_paths(TIMED, TIMED_FINALS, scores.transpose(1, 0, 2).reshape(4, 3))
    found = numerator(scores, supervision, with_posteriors=True)
    assert found.log_probability == pytest.approx(total, abs=1e-6)
    assert found.posteriors is not None
    np.testing.assert_allclose(
        found.posteriors, posteriors.reshape(2, 2, 3).transpose(1, 0, 2), atol=1e-6, err_msg="posteriors"
    )
    assert numerator(scores, supervision).posteriors is None


def test_end_to_end() -> None:
    """State 0 has a loop: paths gain its offset, 0.75, with each arc that leaves it, and lose it once, as in Kaldi."""
    scores = scores_of(5, 2, 3)
    other: list[Arc] = [(0, 1, 3, 0.5), (1, 1, 2, 0.0)]
    fsts = (fst_of(LOOPED, LOOPED_FINALS), fst_of(other, {1: 0.25}))
    supervision = supervision_of(*fsts, frames=5, pdfs=3, sequences=2, is_end_to_end=True)
    raised = [(*arc[:3], arc[3] - 0.75) if arc[0] == 0 else arc for arc in LOOPED]
    first, first_posteriors = sum_over_paths(raised, LOOPED_FINALS, scores[:, 0])
    second, second_posteriors = sum_over_paths(other, {1: 0.25}, scores[:, 1])
    found = numerator(scores, supervision, with_posteriors=True)
    assert found.log_probability == pytest.approx(first - 0.75 + second, abs=1e-5)
    assert found.posteriors is not None
    np.testing.assert_allclose(found.posteriors[:, 0], first_posteriors, atol=1e-6)
    np.testing.assert_allclose(found.posteriors[:, 1], second_posteriors, atol=1e-6)


@pytest.mark.parametrize("is_end_to_end", [False, True])
def test_nan_is_impossible(is_end_to_end: bool) -> None:
    arcs: list[Arc] = [(0, 1, 1, 0.0), (0, 1, 2, 0.0), (1, 2, 1, 0.0)]
    supervision = supervision_of(fst_of(arcs, {2: 0.0}), frames=2, pdfs=2, is_end_to_end=is_end_to_end)
    scores = np.array([[[np.nan, 0.5]], [[0.25, np.nan]]], np.float32)
    found = numerator(scores, supervision, with_posteriors=True)
    assert found.log_probability == pytest.approx(0.75)
    assert found.posteriors is not None and found.posteriors.tolist() == [[[0, 1]], [[1, 0]]]
    scores[1] = np.nan
    nothing = numerator(scores, supervision, with_posteriors=True)
    assert nothing.log_probability == -np.inf and nothing.posteriors is None


def test_frame_bounds() -> None:
    assert frame_bounds(fst_of(TIMED, TIMED_FINALS)).tolist() == [0, 1, 3, 4, 6, 8]


@pytest.mark.parametrize(
    ("arcs", "finals", "start", "message"),
    [
        (TIMED, TIMED_FINALS, 1, "state 0 as the start, found state 1"),
        (TIMED, {**TIMED_FINALS, 3: 0.0}, 0, "final states after the same number of frames, found 2"),
        (TIMED, {}, 0, "final states after the same number of frames, found 0"),
        ([(0, 1, 1, 0.0), (0, 2, 1, 0.0), (1, 2, 1, 0.0)], {2: 0.0}, 0, "no arcs that leave the last frame"),
        ([(0, 0, 1, 0.0), (0, 1, 1, 0.0)], {1: 0.0}, 0, "arcs from each frame to all states of the next"),
        ([(0, 2, 1, 0.0), (1, 2, 1, 0.0)], {2: 0.0}, 0, "arcs from each frame to all states of the next"),
        ([(0, 1, 1, 0.0), (1, 0, 1, 0.0)], {0: 0.0}, 0, "no arcs that leave the last frame"),
        ([(0, 1, 1, 0.0)], {2: 0.0}, 0, "arcs from each frame to all states of the next"),
    ],
)
def test_states_that_belong_to_no_frame(arcs: list[Arc], finals: dict[int, float], start: int, message: str) -> None:
    with pytest.raises(TableFormatError, match=message):
        frame_bounds(fst_of(arcs, finals, start=start))


@pytest.mark.parametrize("label", [0, -1, 4])
@pytest.mark.parametrize("is_end_to_end", [False, True])
def test_labels_out_of_range(label: int, is_end_to_end: bool) -> None:
    fst = fst_of([(0, 1, 1, 0.0), (1, 2, label, 0.0)], {2: 0.0})
    supervision = supervision_of(fst, frames=2, pdfs=3, is_end_to_end=is_end_to_end)
    with pytest.raises(TableFormatError, match=rf"arc 1: expected a label from 1 to 3 \(pdf \+ 1\), found {label}"):
        numerator(scores_of(2, 1, 3), supervision)


def test_automata_of_other_lengths() -> None:
    """Kaldi takes one that is too short, and stops where one that is too long leads to a row that does not exist."""
    supervision = supervision_of(fst_of(TIMED, TIMED_FINALS), frames=3, pdfs=3, sequences=2)
    assert np.isfinite(numerator(scores_of(3, 2, 3), supervision).log_probability)
    supervision = supervision_of(fst_of(TIMED, TIMED_FINALS), frames=2, pdfs=3)
    with pytest.raises(TableFormatError, match=r"an automaton of 2 frames \(1 sequences of 2\), found one of 4"):
        numerator(scores_of(2, 1, 3), supervision)
    supervision = supervision_of(fst_of([], {0: 0.0}), frames=3, pdfs=3)
    with pytest.raises(TableFormatError, match="found one of 0"):
        numerator(scores_of(3, 1, 3), supervision)


def test_empty_automaton() -> None:
    empty = replace(
        fst_of([], {0: 0.0}, start=-1), final_weights=np.empty(0, np.float32), first_arcs=np.zeros(1, np.int64)
    )
    supervision = supervision_of(empty, frames=2, pdfs=3, is_end_to_end=True)
    with pytest.raises(TableFormatError, match="supervision: expected an automaton with states, found an empty one"):
        numerator(scores_of(2, 1, 3), supervision)
