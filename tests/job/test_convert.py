"""Conversion and scoring of Kaldi models from Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ov_asr_score
from ov_asr_score import ConvertJob, KaldiOptions, ScoreJob, convert_model, run_conversion, run_job, score
from ov_asr_score.convert.rt_info import read_facts
from ov_asr_score.errors import UnknownNameError, UnsupportedModelError, UsageError
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.openvino_api import ov
from ov_asr_score.ov_model import model_file as opening
from tests.command_line import names_in
from tests.kaldi_texts import (
    IVECTOR_WIDTH,
    WIDTH,
    acoustic_nnet3,
    ivector_nnet3,
    ivector_scores,
    spliced_nnet3,
    spliced_scores,
    write_model,
)
from tests.tiny_model import write_table

NUMBERS = np.random.default_rng(8)
FEATURES = {key: NUMBERS.standard_normal((9, WIDTH)).astype(np.float32) for key in ("a", "b")}
VECTORS = {key: NUMBERS.standard_normal(IVECTOR_WIDTH).astype(np.float32) for key in ("a", "b", "s")}


@pytest.fixture
def model(folder: Path) -> str:
    return write_model(folder / "final.mdl", acoustic_nnet3(spliced_nnet3()))


def assert_close(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_a_report_of_the_conversion(model: str, folder: Path) -> None:
    job = ConvertJob(model=model, output="model.xml", kaldi=KaldiOptions(frames_per_chunk=20))
    report = run_conversion(job)
    assert (report.facts.time, report.facts.frames_per_chunk, report.facts.source) == ("chunk", 20, "final.mdl")
    assert report.facts.version == ov_asr_score.__version__
    assert [port.name for port in report.description.inputs] == ["input"]
    assert report.description.parameter_count >= 39  # 3 x 12 weights and 3 of a bias
    assert report.seconds > 0
    assert names_in(folder) == ["final.mdl", "model.bin", "model.xml"]
    assert [title for title, _ in report.sections()] == ["Converted from Kaldi", "Model", "Inputs", "Outputs"]


def test_what_cannot_be_converted(model: str, tiny_model: str, folder: Path) -> None:
    with pytest.raises(UsageError, match=r"expected a name that ends in \.xml"):
        run_conversion(ConvertJob(model=model, output="model"))
    with pytest.raises(UnsupportedModelError, match="is OpenVINO IR already"):
        run_conversion(ConvertJob(model=tiny_model, output="model.xml"))
    assert names_in(folder) == ["final.mdl"]


def test_a_model_in_memory(model: str) -> None:
    converted = convert_model(model, KaldiOptions(use_priors=True))
    facts = read_facts(converted)
    assert facts is not None
    assert (facts.options, facts.version) == ("--use-priors=true", ov_asr_score.__version__)
    compiled = ov.Core().compile_model(convert_model(model), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    assert_close(compiled([FEATURES["a"][None]])[compiled.output(0)][0], spliced_scores(FEATURES["a"]))


def test_scores_from_python(model: str) -> None:
    kaldi = KaldiOptions(frame_subsampling_factor=2, frames_per_chunk=4)
    for result in score(model, arrays=FEATURES, kaldi=kaldi):
        assert_close(result.scores["output"], spliced_scores(FEATURES[result.key], 2))
        assert result.num_frames == 9
    for result in score(model, arrays=FEATURES, outputs=["output-half"]):
        assert_close(result.scores["output-half"], spliced_scores(FEATURES[result.key]) / 2)
    with pytest.raises(UnknownNameError, match=r"no node 'output-haf'; did you mean 'output-half'"):
        next(score(model, arrays=FEATURES, outputs=["output-haf"]))


def test_the_folder_of_conversions(model: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "is_worth_keeping", lambda path, seconds: True)
    features = write_table(folder / "feats.ark", FEATURES)
    for expected in (False, True):
        report = run_job(ScoreJob(model=model, inputs=features, outputs="s.ark", conversion_cache="kept"))
        assert report.model["conversion"]["from_cache"] is expected
    next(score(model, arrays=FEATURES))
    run_job(ScoreJob(model=model, inputs=features))
    assert names_in(folder) == ["feats.ark", "final.mdl", "kept", "s.ark"]
    assert len(names_in(folder / "kept")) == 1


def test_ivectors_from_python(folder: Path) -> None:
    model = write_model(folder / "final.raw", ivector_nnet3())
    features, vectors = write_table(folder / "feats.ark", FEATURES), write_table(folder / "vectors.ark", VECTORS)
    (folder / "utt2spk").write_text("a s\nb s\n")
    for result in score(model, features, ivectors=vectors):
        assert_close(result.scores["output"], ivector_scores(FEATURES[result.key], VECTORS[result.key]))
    for result in score(model, features, ivectors=vectors, utt2spk="ark:utt2spk"):
        assert_close(result.scores["output"], ivector_scores(FEATURES[result.key], VECTORS["s"]))
    arrays = {key: {"input": FEATURES[key], "ivector": VECTORS[key]} for key in FEATURES}
    for result in score(model, arrays=arrays):
        assert_close(result.scores["output"], ivector_scores(FEATURES[result.key], VECTORS[result.key]))
    job = ScoreJob(model=model, inputs=features, outputs="s.ark", ivectors=vectors, utt2spk="utt2spk")
    assert run_job(job).verdict == "ok"
    for key, scores in read_table("s.ark"):
        assert_close(scores, ivector_scores(FEATURES[key], VECTORS["s"]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "inputs: no table for input ivector; the model has 2 inputs; i-vectors go to ivectors"),
        ({"ivectors": "v.ark", "inputs": {"input": "f", "ivector": "v"}}, "input 'ivector' is given twice"),
        ({"ivectors": "v.ark", "inputs": None, "arrays": FEATURES}, "i-vectors are arrays of the input 'ivector' too"),
        ({"online_ivectors": "v.ark"}, "online_ivectors: expected online_ivector_period with it"),
    ],
)
def test_ivectors_that_are_wrong(options: dict[str, Any], message: str, folder: Path) -> None:
    model = write_model(folder / "final.raw", ivector_nnet3())
    with pytest.raises(UsageError) as raised:
        next(score(model, **{"inputs": "feats.ark"} | options))
    assert message in str(raised.value)
