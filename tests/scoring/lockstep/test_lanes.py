"""Utterances in lock-step get the scores that each gets alone, in the order in which they came."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import kaldiio
import numpy as np
import openvino as ov
import pytest

from ov_asr_score.errors import DeviceError, ShapeMismatchError
from ov_asr_score.openvino_api import opset as op
from ov_asr_score.scoring.engine import BusyClock, UtteranceScores
from ov_asr_score.scoring.lockstep.lanes import score_lockstep
from ov_asr_score.scoring.model_loading import configure_model, load_model
from ov_asr_score.scoring.plan import BlocksPlan, FramesPlan, LockstepPlan
from ov_asr_score.scoring.plans.plan_text import plan_text
from ov_asr_score.scoring.scorer import Scorer, prepare_scorer
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.scoring.utterances.joining import Utterance
from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.kaldi import KaldiOptions
from tests.places import ROOT
from tests.scoring.tiny_models import (
    SCORES,
    WEIGHTS,
    WIDTH,
    assert_close,
    decay_model,
    decay_scores,
    frames,
    input_of,
    integers,
    make_scorer,
    model_of,
    score_with,
    splice_model,
    splice_scores,
    utterances,
)

LENGTHS = (3, 0, 150, 1, 2, 7, 0, 20, 1, 1, 40, 5, 33, 2, 11, 0)
SHIPPED = [
    "models/lstm_mem.xml",
    "models/tdnn_al.xml",
    "models/nnet3_tdnn/final.mdl",
    "models/nnet3_chain_tdnnf/final.mdl",
    "models/nnet1_dnn/final.nnet",
]
# A recurrence, subsampling, i-vectors, edges that depend on where the utterance ends, one utterance seen as a whole.
CASES = [
    *("nnet3/fast_lstm_projected", "nnet3/loop_with_ivector", "nnet3/statistics", "nnet3/attention_required"),
    *("nnet3/time_height_const", "nnet1/lstm_stack", "nnet1/splice_inside", "nnet1/recurrent"),
]


def lockstep(scorer: Scorer) -> LockstepPlan:
    assert isinstance(scorer.plan, LockstepPlan)
    return scorer.plan


def laned(scorer: Scorer) -> tuple[int, int]:
    """Lanes of a request, and requests under way at a time."""
    return lockstep(scorer).lanes, lockstep(scorer).slots


def scorer_for(model: Path, first: Utterance | None = None, frames: int = 0, **options: Any) -> Scorer:
    kaldi = KaldiOptions() if model.suffix == ".xml" else KaldiOptions(time="frame", frames_per_request=frames)
    chosen = ScorerOptions(model=str(model), kaldi=kaldi, **options)
    return prepare_scorer(configure_model(load_model(chosen), chosen), chosen, first)


def utterances_for(scorer: Scorer) -> list[Utterance]:
    random = np.random.default_rng(5)
    given = []
    for number, length in enumerate(LENGTHS):
        features = {
            fit.name: random.standard_normal(fit.width if fit.kind == "vector" else (length, fit.width)).astype("f")
            for fit in scorer.fits
        }
        given.append(Utterance(f"utt{number}", features, length))
    return given


def assert_same_scores(found: list[UtteranceScores], expected: list[UtteranceScores]) -> None:
    assert [result.key for result in found] == [result.key for result in expected]
    for one, other in zip(found, expected, strict=True):
        assert one.scores.keys() == other.scores.keys()
        assert (one.num_frames, one.context_frames) == (other.num_frames, other.context_frames)
        for name, matrix in one.scores.items():
            assert_close(matrix, other.scores[name], 1e-5 * max(1.0, float(np.abs(matrix).max(initial=0.0))))


@pytest.mark.parametrize("frames", [0, 6])
@pytest.mark.parametrize("model", [*SHIPPED, *(f"tests/golden/{case}" for case in CASES)])
def test_lanes_give_what_one_utterance_at_a_time_gives(model: str, frames: int) -> None:
    path = ROOT / model
    if path.is_dir():
        path = next(found for found in path.glob("model.*") if found.suffix != ".txt")
    if path.suffix == ".xml" and frames:
        pytest.skip("an IR has its frames per request in it")
    one = scorer_for(path, None, frames, batch_size=1)
    given = utterances_for(one)
    expected = list(one.score(given))
    assert isinstance(one.plan, BlocksPlan if path.suffix == ".xml" else FramesPlan)
    for lanes, requests in ((1, 3), (3, 1), (8, 2)):
        scorer = scorer_for(path, given[0], frames, batch_size=lanes, requests=requests)
        assert laned(scorer) == (lanes, requests)
        assert "has no effect" not in scorer.plan.reason
        tried = scorer.runner.num_runs
        found = list(scorer.score(given))
        assert_same_scores(found, expected)
        assert sum(result.num_requests for result in found) == scorer.runner.num_runs - tried


def test_lanes_are_chosen_for_models_with_variables(tmp_path: Path) -> None:
    given = utterances(*LENGTHS)
    scorer = make_scorer(splice_model(), given[0], tmp_path)
    assert laned(scorer)[0] == 64
    assert "1 frame of 64 utterances per request" in plan_text(scorer.plan, scorer.fits)
    for result, utterance in zip(scorer.score(given), given, strict=True):
        if utterance.num_frames:
            assert_close(result.scores["score"], splice_scores(utterance.features["x"]))
        assert result.scores["score"].shape == (utterance.num_frames, SCORES)
    # once more: nothing is left of the first time
    assert [result.key for result in scorer.score(given[:3])] == ["utt0", "utt1", "utt2"]


def coupled_model() -> ov.Model:
    """Sums over what lies along the first axis, which no shape tells."""
    x = input_of([1, WIDTH])
    state = op.read_value(op.constant(np.zeros((1, SCORES), np.float32)), "state")
    score = op.add(op.multiply(state, op.constant(np.float32(0.5))), op.matmul(x, op.constant(WEIGHTS), False, False))
    return model_of(op.cum_sum(score, op.constant(np.int64(0))), [x], [op.assign(score, "state")])


def flat_model() -> ov.Model:
    """Has no axis for a batch."""
    x = input_of([WIDTH])
    state = op.read_value(op.constant(np.zeros((1, SCORES), np.float32)), "state")
    product = op.matmul(op.unsqueeze(x, integers(0)), op.constant(WEIGHTS), False, False)
    score = op.add(op.multiply(state, op.constant(np.float32(0.5))), product)
    return model_of(score, [x], [op.assign(score, "state")])


@pytest.mark.parametrize(
    ("make", "why"),
    [(coupled_model, "lanes would know each other"), (flat_model, "has no axis for several utterances")],
)
def test_requests_go_side_by_side_where_there_can_be_no_lanes(make: Any, why: str, tmp_path: Path) -> None:
    given = utterances(*LENGTHS)
    scorer = make_scorer(make(), given[0], tmp_path, batch_size=8, requests=3)
    assert laned(scorer) == (1, 3)
    assert why in scorer.plan.reason and scorer.plan.reason.endswith("; batch size 8 has no effect")
    results = list(scorer.score(given))
    assert [result.key for result in results] == [utterance.key for utterance in given]
    for result, utterance in zip(results, given, strict=True):
        if utterance.num_frames:
            assert_close(result.scores["score"], decay_scores(utterance.features["x"]))
            assert result.num_requests == utterance.num_frames


def test_one_request_with_one_utterance_is_the_plan_as_it_was(tmp_path: Path) -> None:
    device = DeviceSettings(streams=1)
    scorer = make_scorer(flat_model(), utterances(3)[0], tmp_path, device=device)
    assert isinstance(scorer.plan, BlocksPlan)
    assert "has no axis" in scorer.plan.reason
    assert isinstance(make_scorer(decay_model(), utterances(3)[0], tmp_path, batch_size=1).plan, BlocksPlan)
    assert isinstance(make_scorer(decay_model(), utterances(3)[0], tmp_path, one_at_a_time=True).plan, BlocksPlan)


@pytest.mark.parametrize("shape", [(1, WIDTH), (1, 4, WIDTH)])
def test_vectors_go_with_their_lane(shape: tuple[int, ...], tmp_path: Path) -> None:
    x, vector = input_of(shape), input_of([1, SCORES], "v")
    state = op.read_value(op.constant(np.zeros((1, SCORES), np.float32)), "state")
    product = op.matmul(x, op.constant(WEIGHTS), False, False)
    total = op.reduce_sum(product, integers(1)) if len(shape) == 3 else product
    kept = op.add(state, op.multiply(total, vector))
    shown = op.unsqueeze(kept, integers(1)) if len(shape) == 3 else kept
    model = model_of(op.add(product, shown), [x, vector], [op.assign(kept, "state")])
    random = np.random.default_rng(2)
    given = []
    for number, length in enumerate(LENGTHS):
        # per frame as online i-vectors are, or one for the utterance
        rows = random.standard_normal((length, SCORES) if number % 2 else SCORES).astype(np.float32)
        given.append(Utterance(f"u{number}", {"x": frames(length, number), "v": rows}, length))
    expected = score_with(model, given, tmp_path, batch_size=1)
    assert_same_scores(score_with(model, given, tmp_path, batch_size=3, requests=2), expected)
    assert_same_scores(
        score_with(model, given, tmp_path, left_context=2, right_context=1, batch_size=5),
        score_with(model, given, tmp_path, left_context=2, right_context=1, batch_size=1),
    )


class Counting:
    """Utterances that are counted when they are asked for."""

    def __init__(self, given: list[Utterance]) -> None:
        self.given, self.taken = given, 0

    def __iter__(self) -> Iterator[Utterance]:
        for utterance in self.given:
            self.taken += 1
            yield utterance


@pytest.mark.parametrize(("limit", "most"), [(80_000, 300), (10**9, 1000)])
def test_scores_that_wait_for_a_long_utterance_are_bounded(limit: int, most: int, tmp_path: Path) -> None:
    short, long = [Utterance(f"u{n}", {"x": frames(2, n)}, 2) for n in range(999)], utterances(2000)
    source = Counting([*long, *short])
    scorer = make_scorer(decay_model(), long[0], tmp_path, batch_size=4, requests=2)
    plan = replace(lockstep(scorer), held_bytes=limit)
    results = score_lockstep(scorer.runner, scorer.fits, plan, source, None, BusyClock().add)
    first = next(results)
    assert first.key == "utt0" and source.taken <= most
    assert (source.taken == 1000) == (limit == 10**9)
    assert_close(first.scores["score"], decay_scores(long[0].features["x"]), 1e-4)
    keys = []
    for result, utterance in zip(results, short, strict=True):
        keys.append(result.key)
        assert_close(result.scores["score"], decay_scores(utterance.features["x"]))
    assert keys == [utterance.key for utterance in short]


def test_a_long_utterance_at_the_end_of_a_table_is_not_left_alone(tmp_path: Path) -> None:
    given = utterances(1, 1, 1, 1, 6)
    scorer = make_scorer(decay_model(), given[0], tmp_path, batch_size=2, requests=1)
    before = scorer.runner.num_runs
    results = list(scorer.score(given))
    assert [result.key for result in results] == [utterance.key for utterance in given]
    assert scorer.runner.num_runs - before == 7  # in order of the table: 8
    for result, utterance in zip(results, given, strict=True):
        assert_close(result.scores["score"], decay_scores(utterance.features["x"]))


@pytest.mark.parametrize("lanes", [1, 3])
@pytest.mark.parametrize("done", [1, 4, 9, len(LENGTHS)])
def test_utterances_whose_scores_are_known_take_their_lanes_but_no_requests(
    lanes: int, done: int, tmp_path: Path
) -> None:
    given = utterances(*LENGTHS)
    scorer = make_scorer(splice_model(), given[0], tmp_path, batch_size=lanes, requests=2)
    whole = list(scorer.score(given))
    known = [replace(utterance, is_scored=True) for utterance in given[:done]]
    before = scorer.runner.num_runs
    found = list(scorer.score([*known, *given[done:]]))
    assert [result.key for result in found] == [utterance.key for utterance in given]
    for result, wanted in zip(found[done:], whole[done:], strict=True):
        np.testing.assert_array_equal(result.scores["score"], wanted.scores["score"])
    requests = sum(result.num_requests for result in found)
    assert requests == scorer.runner.num_runs - before <= sum(result.num_requests for result in whole)
    assert bool(requests) == (done < len(LENGTHS) - 1)  # the last one is empty
    assert all(result.num_requests == result.infer_seconds == 0 for result in found[:done])


@pytest.mark.parametrize("requests", [1, 2])
def test_an_utterance_larger_than_the_memory_for_all_is_scored(requests: int, tmp_path: Path) -> None:
    given = utterances(0, 50, 0, 60, 1)
    scorer = make_scorer(decay_model(), given[1], tmp_path, batch_size=4, requests=requests)
    plan = replace(lockstep(scorer), held_bytes=100)
    results = list(score_lockstep(scorer.runner, scorer.fits, plan, given, None, BusyClock().add))
    assert [result.num_frames for result in results] == [0, 50, 0, 60, 1]


def test_times_add_up_and_layers_are_recorded(tmp_path: Path) -> None:
    given, records = utterances(*LENGTHS), list[Any]()
    scorer = make_scorer(decay_model(), given[0], tmp_path, batch_size=4, requests=2)
    clock, before = BusyClock(), scorer.runner.num_runs
    results = list(score_lockstep(scorer.runner, scorer.fits, lockstep(scorer), given, records.append, clock.add))
    assert sum(result.infer_seconds for result in results) == pytest.approx(clock.seconds)
    assert len(records) == sum(result.num_requests for result in results) == scorer.runner.num_runs - before


class Failing:
    """A runner whose ``failing`` th request cannot be computed."""

    def __init__(self, runner: Any, failing: int) -> None:
        self._runner, self._left = runner, failing
        self.under_way: set[int] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._runner, name)

    def start(self, slot: int) -> None:
        self._runner.start(slot)
        self.under_way.add(slot)

    def finish(self, slot: int) -> float:
        self.under_way.remove(slot)
        self._left -= 1
        seconds = self._runner.finish(slot)
        if self._left == 0:
            raise DeviceError("out of order")
        return float(seconds)


def test_a_request_that_fails_names_its_utterances_and_leaves_none_under_way(tmp_path: Path) -> None:
    given = utterances(9, 8, 7, 6, 5)
    scorer = make_scorer(decay_model(), given[0], tmp_path, batch_size=4, requests=2)
    runner: Any = Failing(scorer.runner, 3)
    with pytest.raises(DeviceError, match="utterance 'utt0' and 2 beside it: out of order"):
        list(score_lockstep(runner, scorer.fits, lockstep(scorer), given, None, BusyClock().add))
    assert not runner.under_way


def test_leaving_off_in_the_middle_leaves_no_request_under_way(tmp_path: Path) -> None:
    given = utterances(*[3] * 40)
    scorer = make_scorer(decay_model(), given[0], tmp_path, batch_size=2, requests=2)
    runner: Any = Failing(scorer.runner, -1)
    results = score_lockstep(runner, scorer.fits, lockstep(scorer), given, None, BusyClock().add)
    assert next(results).key == "utt0"
    results.close()  # type: ignore[attr-defined]
    assert not runner.under_way


def test_features_that_do_not_fit_are_named(tmp_path: Path) -> None:
    given = [*utterances(3, 4), Utterance("odd", {"x": frames(2, 0, WIDTH + 1)}, 2)]
    scorer = make_scorer(decay_model(), given[0], tmp_path)
    with pytest.raises(ShapeMismatchError, match="utterance 'odd'"):
        list(scorer.score(given))


def test_scores_of_shipped_models_are_their_references() -> None:
    for name in ("lstm_mem", "tdnn_al"):
        features = dict(kaldiio.load_ark(str(ROOT / "data" / name / "features.ark")))
        references = dict(kaldiio.load_ark(str(ROOT / "data" / name / "scores_f32.ark")))
        given = [Utterance(key, {"input": value}, len(value)) for key, value in features.items()]
        for result in score_with(ROOT / "models" / f"{name}.xml", given, batch_size=3):
            assert_close(result.scores["output"], references[result.key], 1e-4)
