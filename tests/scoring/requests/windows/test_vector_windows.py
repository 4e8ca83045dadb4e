"""Windows as nnet3-xvector-compute cuts them, against its rules written out."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.scoring.input_fit import InputFit
from ov_asr_score.scoring.requests.windows.vector_windows import cut_vector_windows, vector_arrays, vectors_of
from ov_asr_score.scoring.utterances.joining import Utterance

FITS = (InputFit("input", "time", 1, (1, -1, 1)), InputFit("ivector", "vector", 1, (1, 1)))


def facts_of(**values: Any) -> ConversionFacts:
    return ConversionFacts("vector", "final.raw", "", 3, 0, 0, **values)


def kaldi_windows(num_rows: int, chunk_size: int, fewest: int, pad_input: bool) -> list[tuple[list[int], int]]:
    """The frames that each computation takes, and its weight; none for an utterance that is left out."""
    if not pad_input and num_rows < fewest:
        return []
    each = num_rows if chunk_size == 0 else min(chunk_size, num_rows)
    found = []
    for index in range(ceil(num_rows / each)):
        offset = min(each, num_rows - index * each)
        frames = list(range(index * each, index * each + offset))
        if offset < fewest:
            if not pad_input:
                continue
            left = (fewest - offset) // 2
            frames = frames[:1] * left + frames + frames[-1:] * (fewest - offset - left)
        found.append((frames, offset))
    return found


@given(st.integers(1, 300), st.sampled_from([0, 1, 7, 64, 150]), st.sampled_from([1, 20, 100]), st.booleans())
def test_windows_are_those_of_kaldi(num_frames: int, chunk_size: int, fewest: int, pad_input: bool) -> None:
    facts = facts_of(frames_per_chunk=chunk_size, min_chunk_size=fewest, pad_input=pad_input)
    numbers = np.arange(num_frames, dtype=np.float32)[:, None]
    utterance = Utterance("utt", {"input": numbers, "ivector": np.array([5.0], np.float32)}, num_frames)
    expected = kaldi_windows(num_frames, chunk_size, fewest, pad_input)
    if not pad_input and num_frames < fewest:
        with pytest.raises(ShapeMismatchError):
            cut_vector_windows(num_frames, facts, "utt")
        return
    found = []
    for windows in cut_vector_windows(num_frames, facts, "utt"):
        frames, ivectors = vector_arrays(utterance, windows, FITS, facts)
        assert frames.dtype == np.float32
        assert frames.flags.c_contiguous and frames.flags.writeable
        np.testing.assert_array_equal(ivectors, np.full((windows.count, 1), 5))
        found += [([int(value) for value in window[:, 0]], windows.length) for window in frames]
    assert found == expected


def test_long_windows_share_requests_up_to_a_limit() -> None:
    windows = cut_vector_windows(10_000, facts_of(frames_per_chunk=1000), "utt")
    assert [(each.first, each.count, each.num_frames) for each in windows] == [
        (0, 4, 4000),
        (4000, 4, 4000),
        (8000, 2, 2000),
    ]


def test_frames_that_no_statistics_reach_are_left_out() -> None:
    facts = facts_of(reach_right=49, min_chunk_size=10)
    numbers = np.arange(80, dtype=np.float32)[:, None]
    utterance = Utterance("utt", {"input": numbers, "ivector": numbers}, 80)
    (windows,) = cut_vector_windows(80, facts, "utt")
    np.testing.assert_array_equal(vector_arrays(utterance, windows, FITS, facts)[0], numbers[None, :50])


@pytest.mark.parametrize(
    ("num_frames", "values", "message"),
    [
        (0, {}, "utterance 'utt': has no frames to make a vector of"),
        (
            9,
            {"min_chunk_size": 10, "pad_input": False},
            "utterance 'utt': expected at least 10 frames (min_chunk_size), found 9; pad_input pads shorter ones",
        ),
        (
            14,
            {"least_frames": 15, "min_chunk_size": 10},
            "utterance 'utt': a chunk of 14 frames is too short for the network, which needs 15; pad_input with a "
            "min_chunk_size of 15 pads it",
        ),
        (
            31,
            {"least_frames": 15, "frames_per_chunk": 16, "min_chunk_size": 3},
            "utterance 'utt': a chunk of 15 frames",
        ),
    ],
)
def test_what_is_too_short_is_refused(num_frames: int, values: dict[str, Any], message: str) -> None:
    if values.get("frames_per_chunk"):
        assert len(cut_vector_windows(num_frames, facts_of(**values), "utt")) == 2
        num_frames, message = num_frames - 1, message.replace("15 frames", "14 frames")
    with pytest.raises(ShapeMismatchError) as raised:
        cut_vector_windows(num_frames, facts_of(**values), "utt")
    assert str(raised.value).startswith(message)


def test_results_are_vectors_of_all_windows() -> None:
    result = np.arange(6, dtype=np.float32).reshape(2, 1, 3)
    np.testing.assert_array_equal(vectors_of(result, 2, "y", "utt"), result[:, 0])
    for wrong in (result.reshape(1, 2, 3), result[:1], result[:, 0]):
        with pytest.raises(ShapeMismatchError, match=r"^utterance 'utt': output 'y' .*: expected 2 vectors \[2,1,N\]$"):
            vectors_of(wrong, 2, "y", "utt")
