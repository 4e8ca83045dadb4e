"""Which frames chunks take, and when they are ready."""

from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.errors import OvAsrScoreError, ShapeMismatchError
from ov_asr_score.scoring.looped.utterance import LoopedRequest, LoopedShape, LoopedUtterance

# Two columns, the number of the frame and one more; 4 frames of right context.
SHAPE = LoopedShape(
    feature_dim=2,
    ivector_dim=1,
    num_pdfs=3,
    frames_per_chunk=6,
    subsampling=3,
    left_context=2,
    right_context=4,
    delay=6,
    state_size=5,
)


def frames(first: int, last: int) -> np.ndarray:
    return np.column_stack([np.arange(first, last + 1), np.ones(last + 1 - first)]).astype(np.float32)


def numbers(request: LoopedRequest | None) -> list[int]:
    assert request is not None
    return [int(number) for number in request.features[:, 0]]


def test_chunks_wait_for_the_right_context() -> None:
    utterance = LoopedUtterance(SHAPE)
    utterance.accept(frames(0, 8))
    assert utterance.rows_ready == 0 and utterance.next_chunk() is None
    utterance.accept(frames(9, 9))
    assert utterance.rows_ready == 2
    utterance.accept(frames(10, 12))
    assert utterance.rows_ready == 2
    first = utterance.next_chunk()
    # The frames of one step before, of which the first is repeated, and those of the chunk with its right context.
    assert numbers(first) == [0, 0, 0, *range(10)][1:]
    assert first is not None and (first.first_row, first.num_rows, first.num_steps) == (0, 2, 2)
    assert first.ivector_frame == 12  # the newest, not the last that the chunk takes
    assert utterance.next_chunk() is None
    utterance.accept(frames(13, 40))
    assert utterance.rows_ready == 12
    assert numbers(utterance.next_chunk()) == list(range(10, 16))
    assert numbers(utterance.next_chunk(3)) == list(range(16, 34))
    assert utterance.chunks_ready == 1


@pytest.mark.parametrize(("length", "rows"), [(1, 1), (3, 1), (4, 2), (6, 2), (7, 3), (10, 4), (13, 5), (14, 5)])
def test_the_end_repeats_the_last_frame(length: int, rows: int) -> None:
    utterance = LoopedUtterance(SHAPE)
    utterance.accept(frames(0, length - 1))
    utterance.finish()
    assert utterance.rows_ready == rows
    fed: list[int] = []
    given = 0
    while (request := utterance.next_chunk()) is not None:
        fed += numbers(request)
        assert request.first_row == given
        given += request.num_rows
    assert given == rows and utterance.is_done
    chunks = -(-rows // 2)
    assert fed == [min(max(0, frame), length - 1) for frame in range(-2, 6 * chunks + 4)]


def test_an_ivector_is_for_whole_periods() -> None:
    """Frame 12 is the first of a period that chunk 1 brings; frames 10 and 11 have begun one before."""
    utterance = LoopedUtterance(SHAPE)
    utterance.accept(frames(0, 21))
    seen = {}
    for vector in (1.0, 2.0, 3.0):
        request = utterance.next_chunk()
        assert request is not None
        columns = utterance.columns(request.with_ivector(np.array([vector], np.float32)))
        seen.update({int(frame): value for frame, _, value in columns.tolist()})
    assert seen == {frame: 1.0 if frame < 12 else 2.0 if frame < 18 else 3.0 for frame in range(22)}


def test_memory_holds_frames_that_no_chunk_has_taken() -> None:
    utterance = LoopedUtterance(SHAPE)
    for first in range(0, 6000, 20):
        utterance.accept(frames(first, first + 19))
        while utterance.next_chunk() is not None:
            pass
        assert sum(len(piece) for piece in utterance._pieces) < 6 + 4


def test_nothing_is_ready_of_nothing() -> None:
    utterance = LoopedUtterance(SHAPE)
    utterance.accept(np.zeros((0, 2), np.float32))
    utterance.finish()
    assert utterance.rows_ready == 0 and utterance.next_chunk() is None and utterance.is_done
    with pytest.raises(OvAsrScoreError, match="after the end"):
        utterance.accept(frames(0, 1))


def test_shapes_that_do_not_fit() -> None:
    utterance = LoopedUtterance(SHAPE)
    with pytest.raises(ShapeMismatchError, match=r"expected 2 columns, found shape \[4, 3\]"):
        utterance.accept(np.zeros((4, 3), np.float32))
    utterance.accept(frames(0, 30))
    request = utterance.next_chunk()
    assert request is not None
    with pytest.raises(ShapeMismatchError, match=r"i-vector: expected 1 values, found shape \[2\]"):
        request.with_ivector(np.zeros(2, np.float32))
    with pytest.raises(OvAsrScoreError, match="expected an i-vector, found none"):
        utterance.columns(request)
