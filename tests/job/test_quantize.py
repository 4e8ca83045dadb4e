"""Quantization jobs: IR and Kaldi models in, an int8 IR and its error out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score import KaldiOptions, ScoreJob, run_job
from ov_asr_score.convert.rt_info import read_facts
from ov_asr_score.errors import OvAsrScoreError, TableFormatError, UsageError
from ov_asr_score.job import QuantizeJob, run_quantization
from ov_asr_score.job import quantize as quantizing
from ov_asr_score.openvino_api import ov
from ov_asr_score.settings.words.word_outputs import GraphSettings, WordFiles, WordSettings
from tests.command_line import DATA, MODELS, names_in
from tests.job.suite.word_suites import SPEECH, save_scaling
from tests.kaldi_texts import IVECTOR_WIDTH, WIDTH, acoustic_nnet3, ivector_nnet3, spliced_nnet3, write_model
from tests.runtimes import require_nncf
from tests.tiny_model import write_table

NUMBERS = np.random.default_rng(5)
FEATURES = {key: NUMBERS.standard_normal((20, WIDTH)).astype(np.float32) for key in ("a", "b", "c")}
VECTORS = {key: NUMBERS.standard_normal(IVECTOR_WIDTH).astype(np.float32) for key in FEATURES}


@pytest.fixture
def _nncf() -> None:
    require_nncf()


needs_nncf = pytest.mark.usefixtures("_nncf")


@pytest.fixture
def kaldi(folder: Path) -> str:
    write_table(folder / "feats.ark", dict(FEATURES))
    return write_model(folder / "final.mdl", acoustic_nnet3(spliced_nnet3()))


@needs_nncf
@pytest.mark.parametrize(
    ("model", "features", "mode", "most"),
    [
        ("dnn_digits.xml", "dnn_digits/features.ark", "rows", 0.04),
        ("lstm_mem.xml", "lstm_mem/features.ark", "blocks", 0.03),
        ("tdnn_al.xml", "tdnn_al/features.ark", "blocks", 0.04),
        ("nnet3_tdnn/final.mdl", "kaldi/hires.ark", "utterance", 0.15),
    ],
)
def test_the_error_that_is_told_is_that_of_score(
    model: str, features: str, mode: str, most: float, folder: Path
) -> None:
    table = str(DATA / features)
    report = run_quantization(QuantizeJob(ScoreJob(model=str(MODELS / model), inputs=table), "int8.xml"))
    (name,) = report.comparison
    assert 0 < report.comparison[name].rms < most
    assert names_in(folder) == ["int8.bin", "int8.xml"]
    assert "i8" in report.after.weight_bytes
    assert "i8" not in report.before.weight_bytes
    run_job(ScoreJob(model=str(MODELS / model), inputs=table, outputs="f32.ark"))
    scored = run_job(ScoreJob(model="int8.xml", inputs=table, references="f32.ark"))
    assert scored.comparison[name].rms == pytest.approx(report.comparison[name].rms, rel=0.05)
    assert scored.totals.frames == report.frames
    if mode != "blocks":  # models with variables have several plans
        assert scored.plan["mode"] == mode


@needs_nncf
def test_a_kaldi_model_keeps_its_facts_and_options(kaldi: str, folder: Path) -> None:
    options = KaldiOptions(use_priors=True, frames_per_chunk=6)
    scoring = ScoreJob(model=kaldi, inputs="feats.ark", kaldi=options)
    report = run_quantization(QuantizeJob(scoring, "int8.xml", max_utterances=2))
    assert (report.utterances, report.frames) == (2, 40)
    facts = read_facts(ov.Core().read_model("int8.xml"))
    assert facts is not None
    assert (facts.time, facts.frames_per_chunk, facts.options) == ("chunk", 6, options.text)
    run_job(ScoreJob(model=kaldi, inputs="feats.ark", kaldi=options, outputs="f32.ark"))
    scored = run_job(ScoreJob(model="int8.xml", inputs="feats.ark", references="f32.ark"))
    assert scored.plan["mode"] == "chunks"
    assert 0 < scored.comparison["output"].rms < 0.2


@needs_nncf
def test_ivectors(folder: Path) -> None:
    model = write_model(folder / "final.mdl", acoustic_nnet3(ivector_nnet3()))
    write_table("feats.ark", dict(FEATURES))
    write_table("ivectors.ark", dict(VECTORS))
    scoring = ScoreJob(model=model, inputs="feats.ark", ivectors="ark:ivectors.ark")
    report = run_quantization(QuantizeJob(scoring, "int8.xml"))
    assert 0 < report.comparison["output"].max_abs < 0.2
    assert [port.name for port in report.after.inputs] == [port.name for port in report.before.inputs]


@needs_nncf
def test_words_that_change(folder: Path) -> None:
    save_scaling(folder / "same.xml", 1.0)
    graph = GraphSettings(
        f"{MODELS}/chain_ivector/graph/HCLG.fst", transition_model=f"{MODELS}/chain_ivector/final.mdl"
    )
    words = WordSettings(graph, files=WordFiles(reference_text=f"{SPEECH}/text"), decode_workers=1)
    scoring = ScoreJob(model="same.xml", inputs=f"ark:{SPEECH}/kaldi_scores.ark", decoding=words)
    report = run_quantization(QuantizeJob(scoring, "int8.xml", first_layers=True))
    (difference,) = report.comparison.values()
    assert difference.max_abs > 0
    assert report.words is not None
    assert report.words.changes is not None
    assert report.words.errors is not None
    # the words that score finds with the int8 model, beside those that it finds with the float model
    run_job(replace(scoring, decoding=replace(words, files=WordFiles(text="f32.txt"))))
    files = WordFiles(reference_text=f"{SPEECH}/text", hypothesis="f32.txt")
    scored = run_job(replace(scoring, model="int8.xml", decoding=replace(words, files=files)))
    assert scored.words is not None
    assert scored.words.changes == replace(report.words.changes, hypothesis="f32.txt")
    assert scored.words.errors == report.words.errors
    assert (report.words.changes.words, report.words.changes.wer_percent_before) == (20, 5.0)


@needs_nncf
def test_an_earlier_model_stays_when_it_fails(kaldi: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "int8.xml").write_text("earlier")
    (folder / "int8.bin").write_text("earlier")
    before = names_in(folder)

    def fail(*_: object, **__: object) -> None:
        raise OvAsrScoreError("no")

    monkeypatch.setattr(quantizing, "compare_scores", fail)
    with pytest.raises(OvAsrScoreError, match="no"):
        run_quantization(QuantizeJob(ScoreJob(model=kaldi, inputs="feats.ark"), "int8.xml"))
    assert names_in(folder) == before
    assert (folder / "int8.xml").read_text() == (folder / "int8.bin").read_text() == "earlier"


@needs_nncf
def test_what_cannot_be(kaldi: str, folder: Path) -> None:
    scoring = ScoreJob(model=kaldi, inputs="feats.ark")
    with pytest.raises(UsageError, match="expected a table of features, found none"):
        run_quantization(QuantizeJob(ScoreJob(model=kaldi), "int8.xml"))
    (folder / "link.xml").symlink_to("feats.ark")
    with pytest.raises(UsageError, match="is the same file as that of inputs"):
        run_quantization(QuantizeJob(scoring, "link.xml"))
    write_table("empty.ark", {"a": np.zeros((0, 0), np.float32)})
    with pytest.raises(TableFormatError, match=r"empty\.ark: expected an utterance that has frames, found none"):
        run_quantization(QuantizeJob(ScoreJob(model=kaldi, inputs="empty.ark"), "int8.xml"))
    assert not (folder / "int8.xml").exists()


def test_wrong_options(folder: Path) -> None:
    scoring = ScoreJob(model="model.xml", inputs="feats.ark")
    with pytest.raises(UsageError, match=r"output int8: expected a name that ends in \.xml"):
        run_quantization(QuantizeJob(scoring, "int8"))
    with pytest.raises(UsageError, match="max_utterances 0: expected 1 or more"):
        run_quantization(QuantizeJob(scoring, "int8.xml", max_utterances=0))


def test_words_need_a_graph(folder: Path) -> None:
    scoring = ScoreJob(model="m.xml", inputs="i", decoding=WordSettings(files=WordFiles(reference_text="t")))
    with pytest.raises(UsageError, match="reference_text: expected a decoding graph"):
        run_quantization(QuantizeJob(scoring, "int8.xml"))
