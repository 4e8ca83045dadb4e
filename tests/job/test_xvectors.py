"""Runs of networks of x-vectors, from options to tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.convert.rt_info import read_facts
from ov_asr_score.errors import ShapeMismatchError, UnsupportedModelError, UsageError
from ov_asr_score.job import ScoreJob, run_job
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.library import convert_model, score
from ov_asr_score.openvino_api import ov
from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.kaldi import KaldiOptions
from ov_asr_score.settings.limits import Limits
from tests.command_line import run
from tests.tiny_model import write_table

CASE = Path(__file__).parents[1] / "golden" / "xvectors" / "mean_and_stddev"
MODEL, FEATURES = str(CASE / "model.raw"), f"ark:{CASE / 'input.ark'}"
EXACT = Limits(max_error=5e-5)
SHORT = ["utt2", "utt4", "utt6"]  # of fewer than 100 frames


def job(**settings: object) -> ScoreJob:
    return ScoreJob(**{"model": MODEL, "inputs": [FEATURES], "outputs": ["x.ark"], **settings})  # type: ignore[arg-type]


def test_vectors_are_written_as_kaldi_writes_them(folder: Path) -> None:
    report = run_job(job(references=[f"ark:{CASE / 'output.ark'}"], limits=EXACT))
    assert (report.verdict, report.totals.utterances, report.comparison["output"].frames) == ("ok", 7, 7)
    assert report.plan is not None
    assert report.plan["mode"] == "vectors"
    ours, kaldis = Path("x.ark").read_bytes(), (CASE / "output.ark").read_bytes()
    assert len(ours) == len(kaldis)
    assert ours[:15] == kaldis[:15]


def test_the_command_takes_the_options_of_kaldi(folder: Path) -> None:
    words = ["score", "-m", MODEL, "-i", FEATURES, "-o", "x.ark", "-r", f"ark:{CASE / 'output2.ark'}"]
    kaldis = ("--use-gpu=no", "--min-chunk-size=100", "--chunk-size=150", "--cache-capacity=64", "--pad-input=true")
    assert run(*words, *kaldis, "--max-error", "5e-5").code == 0
    assert run(*words, "--chunk-size", "-1", "--max-error", "5e-5").code == 1  # the reference is of chunks
    run("score", "-m", MODEL, "-i", FEATURES, "-o", "m.ark", "--vectors-as", "matrix")
    assert {matrix.shape for _, matrix in read_table("m.ark")} == {(1, 4)}


def test_short_utterances_are_skipped_if_that_is_wanted(folder: Path) -> None:
    kaldi = KaldiOptions(chunk_size=150, pad_input=False)
    with pytest.raises(ShapeMismatchError, match=r"^utterance 'utt2': expected at least 100 frames"):
        run_job(job(kaldi=kaldi))
    references = {"output": f"ark:{CASE / 'output3.ark'}"}
    report = run_job(job(kaldi=kaldi, on_error="skip", references=references))
    assert [failure.key for failure in report.failures] == SHORT
    assert report.comparison["output"].max_abs < 5e-5
    assert [key for key, _ in read_table("x.ark")] == ["utt1", "utt3", "utt5", "utt7"]


def test_utterances_without_frames_have_no_vector(folder: Path) -> None:
    write_table("feats.ark", {"a": np.ones((120, 4), np.float32), "b": np.zeros((0, 0), np.float32)})
    with pytest.raises(ShapeMismatchError, match=r"^utterance 'b': has no frames to make a vector of"):
        run_job(job(inputs=["feats.ark"]))
    report = run_job(job(inputs=["feats.ark"], on_error="skip"))
    assert [failure.key for failure in report.failures] == ["b"]


def test_what_the_network_cannot_compute_is_named(folder: Path) -> None:
    write_table("feats.ark", {"a": np.ones((8, 4), np.float32)})
    with pytest.raises(ShapeMismatchError, match=r"^utterance 'a': a chunk of 8 frames is too short .* needs 9;"):
        run_job(job(inputs=["feats.ark"], kaldi=KaldiOptions(min_chunk_size=3)))


@pytest.mark.parametrize("number", [1, 3])
def test_an_interrupted_run_goes_on(folder: Path, number: int) -> None:
    settings = job(kaldi=KaldiOptions(chunk_size=60), on_error="skip")
    run_job(replace(settings, outputs=["whole.ark"]))
    seen = 0

    def stop(utterance: object) -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_job(replace(settings, resume=True), stop)
    report = run_job(replace(settings, resume=True))
    assert report.totals.resumed_utterances == number
    assert Path("x.ark").read_bytes() == Path("whole.ark").read_bytes()


def test_a_converted_model_is_scored_alike(folder: Path) -> None:
    kaldi = KaldiOptions(chunk_size=33, min_chunk_size=17, pad_input=False)
    model = convert_model(MODEL, kaldi)
    ov.save_model(model, "x.xml", compress_to_fp16=False)
    assert read_facts(model) == read_facts(ov.Core().read_model("x.xml"))
    settings = job(
        on_error="skip", references={"output": f"ark:{CASE / 'output5.ark'}"}, limits=EXACT, allow_missing=True
    )
    for report in (run_job(replace(settings, model="x.xml")), run_job(replace(settings, kaldi=kaldi))):
        assert report.comparison["output"].max_abs < 5e-5
        assert report.comparison["output"].frames == 6


def test_vectors_from_python() -> None:
    found = {each.key: each.scores["output"] for each in score(MODEL, FEATURES, kaldi=KaldiOptions(chunk_size=150))}
    for key, vector in read_table(f"ark:{CASE / 'output2.ark'}"):
        assert found[key].shape == (1, 4)
        np.testing.assert_allclose(found[key][0], vector, rtol=0, atol=5e-5)


def test_an_inner_node_is_what_scripts_of_x_vectors_take(folder: Path) -> None:
    case = CASE.parent / "at_an_inner_node"
    settings = job(
        model=str(case / "model.raw"),
        inputs=[f"ark:{case / 'input.ark'}"],
        outputs={"tdnn6.affine": "x.ark"},
        kaldi=KaldiOptions(output_name="tdnn6.affine"),
    )
    run_job(settings)
    expected = dict(read_table(f"ark:{case / 'output.ark'}"))
    for key, vector in read_table("x.ark"):
        np.testing.assert_allclose(vector, expected[key], rtol=0, atol=1e-5)


def test_gna_is_refused(folder: Path) -> None:
    with pytest.raises((UsageError, UnsupportedModelError), match="gives one vector per utterance"):
        run_job(job(device=DeviceSettings(device="GNA_SW_EXACT")))
