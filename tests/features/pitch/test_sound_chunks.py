from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.features.pitch.sound_chunks import SoundChunks

SAMPLES = np.arange(10, dtype=np.float32)


@pytest.mark.parametrize("cuts", [[], [4], [1, 2, 3, 4, 5, 6, 7, 8, 9], [0, 5, 5], [9], [8]])
@pytest.mark.parametrize(("length", "sizes"), [(10, [4, 4, 2]), (8, [4, 4]), (9, [4, 4, 1]), (3, [3]), (0, [0])])
def test_the_last_chunk_waits_for_the_end(length: int, sizes: list[int], cuts: list[int]) -> None:
    chunks = SoundChunks(4)
    given = [chunk for piece in np.split(SAMPLES[:length], cuts) for chunk in chunks.accept(piece)]
    assert len(given) == len(sizes) - 1
    given += chunks.finish()
    assert [len(chunk) for chunk in given] == sizes
    np.testing.assert_array_equal(np.concatenate(given), SAMPLES[:length])


def test_without_a_size_every_piece_is_a_chunk() -> None:
    chunks = SoundChunks(0)
    assert [len(chunk) for n in (3, 0, 5) for chunk in chunks.accept(SAMPLES[:n])] == [3, 0, 5]
    (last,) = chunks.finish()
    assert len(last) == 0
    (last,) = SoundChunks(0).finish(SAMPLES)
    assert last is SAMPLES


@pytest.mark.parametrize("first", range(11))
def test_the_end_with_the_last_samples(first: int) -> None:
    chunks = SoundChunks(4)
    given = [*chunks.accept(SAMPLES[:first]), *chunks.finish(SAMPLES[first:])]
    assert [len(chunk) for chunk in given] == [4, 4, 2]
    np.testing.assert_array_equal(np.concatenate(given), SAMPLES)
