"""Windows as nnet3-compute and nnet3-compute-batch cut them, against their rules written out, and against numpy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.library import score
from ov_asr_score.scoring.input_fit import InputFit
from ov_asr_score.scoring.requests.windows.chunk_windows import chunk_requests, chunk_scores, num_score_rows
from ov_asr_score.scoring.utterances.joining import Utterance
from ov_asr_score.settings.kaldi import KaldiOptions
from tests.kaldi_texts import WIDTH, frames_at, recurrent_nnet3, states, write_model

FITS = (InputFit("input", "time", 1, (1, -1, 1)), InputFit("ivector", "vector", 1, (1, 1)))


@dataclass(frozen=True, slots=True)
class Window:
    """One computation of Kaldi: its frames, the frame of its i-vector, and which rows of scores it is there for."""

    frames: tuple[int, ...]
    ivector_frame: int
    edges: tuple[bool, bool]
    rows: tuple[int, ...]


def facts_of(**values: Any) -> ConversionFacts:
    return ConversionFacts(time="chunk", source="final.raw", source_sha256="", generation=3, **values)


def kaldi_windows(num_frames: int, facts: ConversionFacts) -> list[Window]:
    """``EnsureFrameIsComputed`` and ``SplitUtteranceIntoTasks``, one window after the other."""
    factor, each = facts.frame_subsampling_factor, facts.frames_per_chunk // facts.frame_subsampling_factor
    rows = -(-num_frames // factor)
    left = facts.left_context + max(facts.extra_left_context, facts.extra_left_context_initial)
    right = facts.right_context + max(facts.extra_right_context, facts.extra_right_context_final)
    found = []
    for first in range(0, rows, each):
        begin, count, used = first, min(each, rows - first), tuple(range(first, min(first + each, rows)))
        if facts.batch_compute and count < each:
            if rows > each:
                begin, count = rows - each, each
            elif not facts.ensure_exact_final_context:
                count = each
        last = (begin + count - 1) * factor
        frames = tuple(min(max(t, 0), num_frames - 1) for t in range(begin * factor - left, last + right + 1))
        middle = (begin + count // 2) * factor if facts.batch_compute else begin * factor + (last - begin * factor) // 2
        found.append(Window(frames, min(middle, num_frames - 1), (begin == 0, begin + count >= rows), used))
    return found


def our_windows(num_frames: int, facts: ConversionFacts) -> list[Window]:
    """The windows of all requests, from what the requests hold: every feature and i-vector is its own frame number."""
    numbers = np.arange(num_frames, dtype=np.float32)[:, None]
    utterance = Utterance("utt", {"input": numbers, "ivector": numbers}, num_frames)
    found = []
    for request in chunk_requests(utterance, FITS, facts):
        frames, ivectors, *edges = request.arrays
        assert all(array.flags.c_contiguous and array.flags.writeable for array in request.arrays)
        assert request.given_rows % len(frames) == 0
        rows = request.first_row + np.arange(request.num_rows)
        each = request.given_rows // len(frames)
        assert len(frames) == 1 or request.num_rows == request.given_rows
        assert request.skipped_rows + request.num_rows <= request.given_rows
        for index, window in enumerate(frames):
            found.append(
                Window(
                    tuple(int(value) for value in window[:, 0]),
                    int(ivectors[index, 0]),
                    (bool(edges[0][index, 0]), bool(edges[0][index, 1])) if edges else (False, False),
                    tuple(int(row) for row in rows[index * each : (index + 1) * each]),
                )
            )
    return found


@given(
    num_frames=st.integers(1, 90),
    factor=st.sampled_from([1, 2, 3]),
    rows_per_chunk=st.integers(1, 12),
    contexts=st.tuples(st.integers(0, 4), st.integers(0, 4)),
    extra=st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(-1, 5), st.integers(-1, 5)),
    batch=st.sampled_from([(False, False), (True, False), (True, True)]),
)
def test_windows_are_those_of_kaldi(
    num_frames: int,
    factor: int,
    rows_per_chunk: int,
    contexts: tuple[int, int],
    extra: tuple[int, int, int, int],
    batch: tuple[bool, bool],
) -> None:
    facts = facts_of(
        left_context=contexts[0],
        right_context=contexts[1],
        frame_subsampling_factor=factor,
        frames_per_chunk=rows_per_chunk * factor,
        extra_left_context=extra[0],
        extra_right_context=extra[1],
        extra_left_context_initial=extra[2],
        extra_right_context_final=extra[3],
        batch_compute=batch[0],
        ensure_exact_final_context=batch[1],
    )
    found, expected = our_windows(num_frames, facts), kaldi_windows(num_frames, facts)
    assert [window.frames for window in found] == [window.frames for window in expected]
    assert [window.ivector_frame for window in found] == [window.ivector_frame for window in expected]
    assert [window.rows for window in found] == [window.rows for window in expected]
    if extra[2] not in (-1, extra[0]) or extra[3] not in (-1, extra[1]):
        assert [window.edges for window in found] == [window.edges for window in expected]
    assert [row for window in found for row in window.rows] == list(range(num_score_rows(num_frames, facts)))


def test_long_utterances_become_several_requests() -> None:
    facts = facts_of(left_context=10, right_context=10, frames_per_chunk=50)
    numbers = np.zeros((5020, 1), np.float32)
    requests = list(chunk_requests(Utterance("utt", {"input": numbers}, 5020), FITS[:1], facts))
    assert [len(request.arrays[0]) for request in requests] == [58, 42, 1]
    assert [request.first_row for request in requests] == [0, 2900, 5000]
    expected = [replace(window, edges=(False, False)) for window in kaldi_windows(5020, facts)]
    assert our_windows(5020, facts) == expected


def test_a_vector_goes_to_every_window_as_a_copy() -> None:
    facts = facts_of(left_context=0, right_context=0, frames_per_chunk=4)
    vector = np.array([7], np.float32)
    vector.setflags(write=False)
    utterance = Utterance("utt", {"input": np.zeros((4, 1), np.float32), "ivector": vector}, 4)
    (request,) = chunk_requests(utterance, FITS, facts)
    np.testing.assert_array_equal(request.arrays[1], [[7]])
    assert request.arrays[1].flags.writeable


def test_scores_of_another_number_of_rows_are_an_error() -> None:
    result = np.zeros((2, 5, 3), np.float32)
    assert chunk_scores(result, 10, "output", "utt").shape == (10, 3)
    with pytest.raises(ShapeMismatchError, match=r"utterance 'utt': output 'output' \[2,5,3\]: expected 12 rows"):
        chunk_scores(result, 12, "output", "utt")


# The whole way, with a recurrent model whose scores depend on where its chunks begin


def expected_scores(features: Any, kaldi: KaldiOptions) -> Any:
    """States of all windows, each begun anew; rows are put where Kaldi puts them."""
    facts = facts_of(
        left_context=0,
        right_context=0,
        frames_per_chunk=kaldi.frames_per_chunk,
        extra_left_context=kaldi.extra_left_context,
        batch_compute=kaldi.batch_compute,
        ensure_exact_final_context=kaldi.ensure_exact_final_context,
    )
    found = np.full(features.shape, np.nan)
    for window in kaldi_windows(len(features), facts):
        after = states(frames_at(features, np.array(window.frames)))
        kept = len(window.frames) - kaldi.extra_left_context
        first = window.rows[-1] + 1 - kept if len(features) > kaldi.frames_per_chunk else 0
        for row in window.rows:
            found[row] = after[kaldi.extra_left_context + row - first]
    return found


@pytest.mark.parametrize("length", [1, 7, 8, 9, 16, 21, 40])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"extra_left_context": 3},
        {"batch_compute": True},
        {"batch_compute": True, "extra_left_context": 3},
        {"batch_compute": True, "ensure_exact_final_context": True},
    ],
)
def test_scores_of_a_recurrent_model(length: int, options: dict[str, Any], tmp_path: Path) -> None:
    model = write_model(tmp_path / "final.raw", recurrent_nnet3())
    features = np.random.default_rng(length).standard_normal((length, WIDTH)).astype(np.float32)
    kaldi = KaldiOptions(frames_per_chunk=8, **options)
    (result,) = score(model, arrays=[("utt", features)], kaldi=kaldi)
    np.testing.assert_allclose(result.scores["output"], expected_scores(features, kaldi), rtol=0, atol=1e-6)


def test_the_programs_differ_in_the_last_chunk_alone(tmp_path: Path) -> None:
    model = write_model(tmp_path / "final.raw", recurrent_nnet3())
    features = np.random.default_rng(0).standard_normal((21, WIDTH)).astype(np.float32)
    usual, batch = (
        next(score(model, arrays=[("utt", features)], kaldi=KaldiOptions(frames_per_chunk=8, batch_compute=way)))
        for way in (False, True)
    )
    difference = np.abs(usual.scores["output"] - batch.scores["output"]).max(axis=1)
    np.testing.assert_allclose(difference[:16], 0, atol=1e-6)
    assert difference[16] > 1e-3
