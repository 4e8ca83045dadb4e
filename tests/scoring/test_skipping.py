"""Utterances that the model itself cannot take."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest

from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.errors import DeviceError, OvAsrScoreError
from ov_asr_score.openvino_api import opset as op
from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.engine import score_utterances
from ov_asr_score.scoring.input_fit import InputFit
from ov_asr_score.scoring.plan import ChunksPlan
from ov_asr_score.scoring.requests.windows import chunk_windows as chunks
from ov_asr_score.scoring.scorer import Scorer
from ov_asr_score.scoring.utterances.joining import Utterance
from tests.scoring.tiny_models import WIDTH, frames, input_of, integers, make_scorer, model_of, utterances

KERNEL = 3
CHUNK = 4


class FailingRunner:
    """Scores are the features; requests of those numbers fail when they are finished."""

    inputs: Sequence[PortInfo] = (PortInfo("x", "x", 0, ("x",), (None, None, WIDTH), "f32", ""),)
    outputs: Sequence[PortInfo] = inputs
    num_slots = 3

    def __init__(self, failing: Sequence[int]) -> None:
        self.failing, self.started = failing, 0
        self.bound: dict[int, Any] = {}
        self.numbers: dict[int, int] = {}

    def bind(self, slot: int, arrays: Sequence[Any]) -> None:
        self.bound[slot] = arrays[0]

    def start(self, slot: int) -> None:
        self.numbers[slot] = self.started
        self.started += 1

    def finish(self, slot: int) -> float:
        if self.numbers[slot] in self.failing:
            raise DeviceError("inference failed")
        return 0.001

    def run(self, slot: int) -> None:
        """What failed is tried again."""
        self.finish(slot)

    def renew(self) -> None:
        """What failed spoils nothing here."""

    def results(self, slot: int) -> Sequence[Any]:
        return [self.bound[slot]]

    def reset_state(self, slot: int) -> None:
        raise NotImplementedError

    def layer_records(self, slot: int) -> Sequence[Any]:
        return ()


@pytest.mark.parametrize("failing", [(3,), (2, 3), (4,), (2, 3, 4)])
def test_an_utterance_of_which_some_chunks_fail_is_skipped_once(
    failing: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "_FRAMES_PER_REQUEST", 2 * CHUNK)
    facts = ConversionFacts("chunk", "final.raw", "", 3, left_context=0, right_context=0, frames_per_chunk=CHUNK)
    plan = ChunksPlan(facts, slots=3)
    given = utterances(16, 17, 16)  # two, three and two requests
    skipped: list[str] = []
    results = list(
        score_utterances(
            FailingRunner(failing),
            [InputFit("x", "time", WIDTH, (1, -1, WIDTH))],
            plan,
            given,
            on_skip=lambda key, error: skipped.append(key),
        )
    )
    assert skipped == ["utt1"]
    assert [result.key for result in results] == ["utt0", "utt2"]
    for result, utterance in zip(results, (given[0], given[2]), strict=True):
        np.testing.assert_array_equal(result.scores["x"], utterance.features["x"])


def skipped_of(scorer: Scorer, given: Sequence[Utterance]) -> tuple[list[str], list[str]]:
    """Keys of utterances that were skipped, and of those that were scored."""
    skipped: list[str] = []
    results = score_utterances(
        scorer.runner, scorer.fits, scorer.plan, given, on_skip=lambda key, error: skipped.append(key)
    )
    scored = [result.key for result in results]
    return sorted(skipped), scored


def test_a_failure_takes_no_other_utterance_along(tmp_path: Path) -> None:
    """CPU plugins may refuse lengths that they took before, once they have refused another."""
    given = utterances(*(5, 5, 1, 5, 5, 1, 5) * 3)
    short = [utterance.key for utterance in given if utterance.num_frames == 1]
    long = [utterance.key for utterance in given if utterance.num_frames > 1]
    for _ in range(5):
        assert skipped_of(make_scorer(valid_convolution(), given[0], tmp_path), given) == (sorted(short), long)


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
    assert sorted(key for key, _ in skipped) == ["utt1", "utt3"]
    assert [result.key for result in results] == ["utt0", "utt2", "utt4"]
    for result, index in zip(results, (0, 2, 4), strict=True):
        x = frames(result.num_frames, index)
        expected = np.stack([x[t : t + KERNEL].sum() for t in range(result.num_frames - KERNEL + 1)])
        np.testing.assert_allclose(result.scores["score"], np.repeat(expected[:, np.newaxis], 2, axis=1), atol=1e-4)
