"""Utterances that the model itself cannot take."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from ov_asr_score.errors import DeviceError, OvAsrScoreError
from ov_asr_score.scoring.engine import score_utterances
from tests.scoring.tiny_models import WIDTH, frames, input_of, integers, make_scorer, model_of, utterances

KERNEL = 3


def valid_convolution() -> ov.Model:
    """[N, T, WIDTH] -> [N, T-2, 2]: a convolution over time without padding, which one frame is too short for."""
    x = input_of([-1, -1, WIDTH])
    columns = op.transpose(x, integers(0, 2, 1))
    kernel = op.constant(np.ones((2, WIDTH, KERNEL), dtype=np.float32))
    scores = op.convolution(columns, kernel, [1], [0], [0], [1])
    return model_of(op.transpose(scores, integers(0, 2, 1)), [x])


def test_an_utterance_that_is_too_short_is_skipped_on_demand(tmp_path: Path) -> None:
    given = utterances(5, 1, 7, 1, 3)
    scorer = make_scorer(valid_convolution(), given[0], tmp_path)
    with pytest.raises(DeviceError, match="utterance 'utt1'"):
        list(scorer.score(given))
    skipped: list[tuple[str, OvAsrScoreError]] = []
    results = list(
        score_utterances(
            scorer.runner, scorer.fits, scorer.plan, given, on_skip=lambda key, error: skipped.append((key, error))
        )
    )
    assert [key for key, _ in skipped] == ["utt1", "utt3"]
    assert [result.key for result in results] == ["utt0", "utt2", "utt4"]
    for result, index in zip(results, (0, 2, 4), strict=True):
        x = frames(result.num_frames, index)
        expected = np.stack([x[t : t + KERNEL].sum() for t in range(result.num_frames - KERNEL + 1)])
        np.testing.assert_allclose(result.scores["score"], np.repeat(expected[:, np.newaxis], 2, axis=1), atol=1e-4)
