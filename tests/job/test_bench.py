"""Benchmarks of a model: which ways are measured, and that the figures come from scoring."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

import pytest

from ov_asr_score import KaldiOptions, ScoreJob
from ov_asr_score.errors import ShapeMismatchError, UsageError
from ov_asr_score.job import BenchJob, run_bench
from ov_asr_score.job import bench as benchmarking
from ov_asr_score.openvino_api import opset, ov
from ov_asr_score.report.console.bench import BenchReport
from ov_asr_score.scoring.model_loading import configure_model, load_model
from ov_asr_score.scoring.plan import BlocksPlan
from ov_asr_score.scoring.scorer import prepare_scorer
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.scoring.utterances.joining import Utterance
from ov_asr_score.settings.device import DeviceSettings
from tests.command_line import DATA, MODELS
from tests.kaldi_texts import acoustic_nnet3, ivector_nnet3, spliced_nnet3, write_model
from tests.tiny_model import tiny_features, write_table


def bench(model: str, seconds: float = 2.0, **options: object) -> BenchReport:
    return run_bench(BenchJob(ScoreJob(model=model, **options), seconds))  # type: ignore[arg-type]


def test_rows_are_measured_in_several_batches_and_streams(tiny_model: str) -> None:
    report = bench(tiny_model, 8.0)
    assert report.chosen.plan == "512 frames per request, utterances together"
    assert report.chosen.median > 0
    ways = [(each.precision, each.streams, each.requests, each.plan) for each in (report.chosen, *report.others)]
    assert len(set(ways)) == len(ways)
    assert len(report.others) >= 2
    assert report.others[0].plan == "128 frames per request, utterances together"
    assert report.fastest.median == max(each.median for each in (report.chosen, *report.others))
    assert report.features == "noise, utterances of 2 to 35 s"


def test_what_is_forced_is_not_varied(tiny_model: str) -> None:
    report = bench(tiny_model, batch_size=7, device=DeviceSettings(streams=1))
    assert report.chosen.plan.startswith("7 frames per request")
    assert {(each.batch_size, each.streams) for each in (report.chosen, *report.others)} == {(7, 1)}


def test_a_batch_that_has_no_effect_is_left_out(folder: Path) -> None:
    model = write_model(folder / "final.mdl", acoustic_nnet3(spliced_nnet3()))
    report = bench(model, 6.0, kaldi=KaldiOptions(frames_per_chunk=20))
    assert report.chosen.plan.startswith("chunks of 20 frames")
    assert report.others
    assert {each.batch_size for each in report.others} == {0}
    assert report.model["kind"] == "Kaldi nnet3 model"


def test_ivectors_are_noise_too(folder: Path) -> None:
    report = bench(write_model(folder / "final.mdl", acoustic_nnet3(ivector_nnet3())), 0.5)
    assert report.chosen.median > 0


def test_tables_are_scored_again_and_again(tiny_model: str, folder: Path) -> None:
    write_table("feats.ark", dict(tiny_features(5, 3)))
    report = bench(tiny_model, 0.5, inputs="feats.ark")
    assert report.features == "2 utterances of 3 to 5 frames, again and again"
    utterances = [Utterance(key, {"feats": matrix}, len(matrix)) for key, matrix in tiny_features(5, 3).items()]
    supply = benchmarking._of_tables(utterances)
    assert supply.first.key == "utt2"
    assert [each.key for each in supply.take(12)] == ["utt1-0", "utt2-1", "utt1-2"]
    assert [each.key for each in supply.take(1)] == ["utt2-3"]


def test_models_with_variables(folder: Path) -> None:
    report = bench(str(MODELS / "lstm_mem.xml"), 1.0, inputs=str(DATA / "lstm_mem" / "features.ark"))
    assert report.chosen.median > 0


def test_frames_in_order_are_counted_by_requests() -> None:
    options = ScorerOptions(model=str(MODELS / "lstm_mem.xml"), batch_size=1, requests=1)
    opened = configure_model(load_model(options), options)
    supply = benchmarking._noise(opened, 0.01)
    scorer = prepare_scorer(opened, options, supply.first)
    runs = scorer.runner.num_runs
    assert isinstance(scorer.plan, BlocksPlan)
    found = benchmarking._measure_in_order(scorer, scorer.plan, supply, 1.0)
    runs = scorer.runner.num_runs - runs
    assert 1 <= len(found) <= benchmarking.REPEATS
    # a request holds one frame, and a round lasts for its share of the time at least
    assert 0 < min(found) <= runs * (benchmarking.REPEATS + 1)


def test_no_time_left_means_no_rows(tiny_model: str) -> None:
    report = bench(tiny_model, 0.01)
    assert len(report.chosen.frames_per_second) == 1
    assert report.others == ()
    assert report.not_measured > 0


def test_noise_is_as_long_as_read_speech() -> None:
    options = ScorerOptions(model=str(MODELS / "two_inputs.xml"))
    opened = configure_model(load_model(options), options)
    supply = benchmarking._noise(opened, 0.01)
    lengths = [utterance.num_frames for utterance in islice(supply.endless, 300)]
    assert supply.first.num_frames == 200
    assert 200 <= min(lengths) < 500
    assert 2500 < max(lengths) <= 3500
    assert len(set(lengths)) > 200
    taken = supply.take(10_000)
    assert sum(utterance.num_frames for utterance in taken) >= 10_000
    assert sum(utterance.num_frames for utterance in taken[:-1]) < 10_000
    assert set(taken[0].features) == {port.name for port in opened.inputs}


def test_what_cannot_be(folder: Path) -> None:
    with pytest.raises(UsageError, match="seconds 0: expected more than 0"):
        bench("model.xml", 0.0)
    feats = opset.parameter([-1, -1, -1], name="feats")
    ov.save_model(ov.Model([opset.relu(feats)], [feats], "free"), "free.xml")
    with pytest.raises(ShapeMismatchError, match=r"give features to bench with \(inputs\)"):
        bench("free.xml")


def test_a_busy_machine_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    monkeypatch.setattr(os, "getloadavg", lambda: (1.9, 9.0, 9.0), raising=False)
    assert benchmarking._busy_note() == []
    monkeypatch.setattr(os, "getloadavg", lambda: (2.1, 0.0, 0.0), raising=False)
    assert benchmarking._busy_note()[0].startswith("the machine was busy before (load 2.1, 4 cores)")
