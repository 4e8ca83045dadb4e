"""Words of a scoring run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from unittest.mock import ANY

import numpy as np
import pytest

from ov_asr_score.errors import ShapeMismatchError, UsageError
from ov_asr_score.fst.symbols import read_symbols
from ov_asr_score.job import run_job
from ov_asr_score.job.decode import run_decode
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.report.data.run import UtteranceReport
from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.gna import GnaSettings
from ov_asr_score.settings.kaldi import KaldiOptions
from ov_asr_score.settings.limits import Limits
from ov_asr_score.settings.score_job import ScoreJob
from ov_asr_score.settings.speech.frontend import FrontendSettings
from ov_asr_score.settings.words.ctc import CtcOptions
from ov_asr_score.settings.words.decode_job import DecodeJob
from ov_asr_score.settings.words.decoding import DecodingOptions
from ov_asr_score.settings.words.word_limits import WordLimits
from ov_asr_score.settings.words.word_outputs import GraphSettings, WordFiles, WordSettings
from ov_asr_score.transcript.json_form import read_transcript
from tests.command_line import ROOT
from tests.job.suite.word_suites import save_scaling

KALDI = ROOT / "data" / "kaldi"
DECODING = ROOT / "tests" / "kaldi_speech" / "decoding"
GRAPH = GraphSettings(str(DECODING / "HCLG.fst"), words=str(ROOT / "models" / "chain_ivector" / "graph" / "words.txt"))
JOB = ScoreJob(
    model=str(ROOT / "models" / "nnet3_chain_tdnnf" / "final.mdl"),
    inputs=f"ark:{KALDI}/hires.ark",
    kaldi=KaldiOptions(frame_subsampling_factor=3),
)

ANY_PATH = DecodingOptions(allow_partial=True)


def with_words(files: WordFiles, **more: object) -> ScoreJob:
    return replace(JOB, decoding=WordSettings(GRAPH, files=files, decode_workers=1), **more)  # type: ignore[arg-type]


def test_ctc_model_with_fewer_rows_than_frames(tmp_path: Path) -> None:
    tokens = ROOT / "data" / "conv_ctc" / "vocab.txt"
    files = WordFiles(ctm=f"{tmp_path}/ctm")
    decoding = WordSettings(ctc=CtcOptions(tokens=str(tokens)), files=files)
    scored = ScoreJob(model=str(ROOT / "models" / "conv_ctc.onnx"), inputs=f"ark:{KALDI}/hires.ark", decoding=decoding)
    with pytest.raises(ShapeMismatchError, match="expected 75 rows of scores for 75 frames, found 38; times of words"):
        run_job(scored)
    run_job(replace(scored, decoding=replace(decoding, row_shift_seconds=0.02)))
    stored = DecodeJob(
        f"ark:{ROOT}/data/conv_ctc/logprobs.ark",
        decoding=replace(decoding, files=WordFiles(ctm=f"{tmp_path}/stored.ctm")),
        frame_subsampling_factor=2,
    )
    run_decode(stored)
    assert (tmp_path / "ctm").read_text() == (tmp_path / "stored.ctm").read_text()


def test_scores_and_words_in_one_run(tmp_path: Path) -> None:
    files = WordFiles(text=f"{tmp_path}/text", ctm=f"{tmp_path}/ctm", reference_text=str(ROOT / "data/speech/text"))
    report = run_job(with_words(files, outputs=f"ark:{tmp_path}/scores.ark"))
    assert report.words is not None
    assert (report.words.utterances, report.totals.utterances, report.verdict) == (9, 9, "ok")
    symbols = read_symbols(GRAPH.words)
    expected = [line.split() for line in (DECODING / "chain_words.int").read_text().splitlines()]
    assert [line.split() for line in (tmp_path / "text").read_text().splitlines()] == [
        [key, *(symbols.text(int(word)) for word in words)] for key, *words in expected
    ]
    run_job(replace(JOB, outputs=f"ark:{tmp_path}/alone.ark"))
    for (key, alone), (other, beside) in zip(
        read_table(f"ark:{tmp_path}/alone.ark"), read_table(f"ark:{tmp_path}/scores.ark"), strict=True
    ):
        assert key == other
        np.testing.assert_array_equal(alone, beside)


def test_a_run_that_goes_on_has_all_words(tmp_path: Path) -> None:
    def stop(utterance: UtteranceReport) -> None:
        if utterance.key == "es_belinda-t0011":
            raise KeyboardInterrupt

    files = WordFiles(text=f"{tmp_path}/text", ctm=f"{tmp_path}/ctm")
    job = with_words(files, outputs=f"ark:{tmp_path}/scores.ark", resume=True)
    with pytest.raises(KeyboardInterrupt):
        run_job(job, stop)
    assert not (tmp_path / "text").exists()
    report = run_job(job)
    assert 0 < report.totals.resumed_utterances < 9
    whole = WordFiles(text=f"{tmp_path}/whole.text", ctm=f"{tmp_path}/whole.ctm")
    run_job(with_words(whole))
    for name in ("text", "ctm"):
        assert (tmp_path / name).read_text() == (tmp_path / f"whole.{name}").read_text()


def test_limits_fail_the_run(tmp_path: Path) -> None:
    spoken = str(ROOT / "data/speech/text")
    files = WordFiles(reference_text=spoken, hypothesis=spoken)
    limits = WordLimits(max_wer=1.0, max_wer_increase=1.0, max_changed_words=0)
    job = with_words(files)
    report = run_job(replace(job, decoding=replace(job.decoding, limits=limits)))
    assert report.limit_messages == [
        "WER 5.00 %, expected 1 % or less",
        "WER 0.00 -> 5.00 %, expected 1 % more or less",
        "1 of 20 words changed, expected 0 or fewer",
    ]
    assert report.verdict == "failed"


def test_gna_is_compared_with_floats(tmp_path: Path) -> None:
    save_scaling(tmp_path / "same.xml", 1.0)
    of_speech = str(ROOT / "models" / "chain_ivector" / "graph" / "HCLG.fst")
    graph = replace(GRAPH, graph=of_speech, transition_model=str(ROOT / "models" / "chain_ivector" / "final.mdl"))
    files = WordFiles(reference_text=str(ROOT / "data/speech/text"))
    job = ScoreJob(
        model=str(tmp_path / "same.xml"),
        inputs=f"ark:{ROOT}/data/speech/kaldi_scores.ark",
        decoding=WordSettings(graph, files=files, decode_workers=1),
        device=DeviceSettings("GNA_SW_EXACT", gna=GnaSettings(accuracy_report=True)),
    )
    report = run_job(job)
    assert report.gna is not None
    assert report.words is not None
    assert report.words.changes is not None
    assert report.words.changes.hypothesis == "the model in floats"
    assert (report.words.changes.utterances, report.words.changes.wer_percent_before) == (9, 5.0)
    scores = f"ark:{ROOT}/data/speech/kaldi_scores.ark"
    limited = run_job(replace(job, references=scores, limits=Limits(max_error=1e3)))
    assert (limited.words, limited.verdict) == (replace(report.words, decode_seconds=ANY), "ok")


def test_frames_that_are_computed_have_their_own_shift(tmp_path: Path) -> None:
    speech = ROOT / "data" / "speech"
    config = ROOT / "models" / "chain_ivector" / "conf" / "mfcc.conf"
    (tmp_path / "mfcc.conf").write_text(config.read_text() + "--frame-shift=20\n")
    sound = replace(JOB, inputs=str(speech), frontend=FrontendSettings(feature_config=f"{tmp_path}/mfcc.conf"))
    files = WordFiles(transcript=f"{tmp_path}/words.json")
    report = run_job(replace(sound, decoding=replace(with_words(files).decoding, search=ANY_PATH)))
    assert report.totals.frame_shift_seconds == 0.02
    segment = read_transcript(tmp_path / "words.json").segments[0]
    rows = dict(read_table(f"ark:{KALDI}/nnet3_chain_tdnnf.ark"))[segment.utterance]
    assert segment.end == pytest.approx(len(rows) * 0.03, abs=0.07)


def test_what_was_decoded_is_told(tmp_path: Path) -> None:
    """Where it may not be what was meant."""
    files = WordFiles(text=f"{tmp_path}/text")
    assert not any("words are" in note for note in run_job(with_words(files)).notes)
    hidden = with_words(files, outputs=f"output={tmp_path}/a.npz,output-xent={tmp_path}/b.npz")
    assert "words are those of output 'output'" in run_job(hidden).notes


def test_what_is_asked_of_words_needs_a_graph() -> None:
    with pytest.raises(UsageError, match="hypothesis: expected a decoding graph"):
        run_job(replace(JOB, decoding=WordSettings(files=WordFiles(hypothesis="h"))))
    with pytest.raises(UsageError, match="max_wer: expected a decoding graph"):
        run_job(replace(JOB, decoding=WordSettings(limits=WordLimits(max_wer=1.0))))


def test_nothing_is_done_with_words() -> None:
    with pytest.raises(UsageError, match="expected a file for the words"):
        run_job(with_words(WordFiles()))


def test_what_is_read_is_not_written_over(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is the same file as that of model"):
        run_job(with_words(WordFiles(text=JOB.model)))


def test_scores_that_have_a_scale_get_no_second_one(tmp_path: Path) -> None:
    tdnn = str(ROOT / "models" / "nnet3_tdnn" / "final.mdl")
    words = {}
    for name, scale in (("plain", 1.0), ("scaled", 0.3)):
        files = WordFiles(text=f"{tmp_path}/{name}", lattice=f"ark,t:{tmp_path}/{name}.lat", lattice_as="raw")
        job = with_words(files, kaldi=KaldiOptions(frame_subsampling_factor=3, acoustic_scale=scale))
        search = DecodingOptions(decoding_scale=0.3 if scale == 1.0 else None)
        report = run_job(replace(job, decoding=replace(job.decoding, search=search)))
        words[name] = (tmp_path / name).read_text()
        assert any("acoustic scale 0.3 already" in note for note in report.notes) == (scale == 0.3)
    assert words["plain"] == words["scaled"]
    with pytest.raises(ShapeMismatchError, match="the model's output: expected 56 columns, one for each pdf"):
        run_job(
            replace(
                with_words(WordFiles(text=f"{tmp_path}/other")),
                model=tdnn,
                kaldi=KaldiOptions(),
                decoding=WordSettings(
                    replace(GRAPH, transition_model=JOB.model), files=WordFiles(text=f"{tmp_path}/other")
                ),
            )
        )
    assert not (tmp_path / "other").exists()
