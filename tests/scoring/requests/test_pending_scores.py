"""Scores that are gathered until an utterance is complete."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ov_asr_score.errors import DeviceError
from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.plan import RowsPlan
from ov_asr_score.scoring.requests.pending_scores import PendingScores, naming
from ov_asr_score.scoring.utterances.joining import Utterance

UTTERANCE = Utterance("a", {"x": np.zeros((4, 2), np.float32)}, 4)


class Outputs:
    """As much of a runner as the scores need."""

    outputs = (PortInfo("y", "y", 0, ("y",), (None, 3), "f32", ""),)


def finished(pending: PendingScores) -> list[Any]:
    runner: Any = Outputs()
    return list(pending.finished(runner, RowsPlan(8)))


def test_rows_are_copied_to_their_places() -> None:
    pending = PendingScores(UTTERANCE, 4, context_frames=2)
    rows = np.arange(12, dtype=np.float32).reshape(4, 3)
    buffer = rows[2:].copy()
    pending.put_rows(0, 2, buffer)
    buffer[:] = np.nan
    pending.put_rows(0, 0, rows[:2])
    pending.num_requests, pending.infer_seconds = 2, 0.5
    (scored,) = finished(pending)
    np.testing.assert_array_equal(scored.scores["y"], rows)
    assert (scored.key, scored.num_frames, scored.context_frames) == ("a", 4, 2)
    assert (scored.num_requests, scored.infer_seconds) == (2, 0.5)


def test_subsampled_scores_have_rows_of_their_own() -> None:
    pending = PendingScores(UTTERANCE, 2, num_rows=2)
    pending.put_rows(0, 0, np.ones((2, 3), np.float32))
    assert finished(pending)[0].scores["y"].shape == (2, 3)


def test_no_frames_give_no_rows_and_a_failure_gives_nothing() -> None:
    (scored,) = finished(PendingScores(Utterance("a", {}, 0), 0))
    assert scored.scores["y"].shape == (0, 3)
    assert finished(PendingScores(UTTERANCE, 0, failed=True)) == []


def test_errors_of_a_runner_name_the_utterance() -> None:
    with pytest.raises(DeviceError, match=r"^utterance 'a': too hot$"), naming(UTTERANCE):
        raise DeviceError("too hot")
