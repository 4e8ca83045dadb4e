"""Words of a scoring run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.job import run_job
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.settings.kaldi import KaldiOptions
from ov_asr_score.settings.score_job import ScoreJob
from ov_asr_score.settings.words.word_outputs import GraphSettings, WordFiles, WordSettings
from tests.command_line import ROOT

KALDI = ROOT / "data" / "kaldi"
GRAPH = GraphSettings(str(ROOT / "data" / "speech" / "graph" / "HCLG.fst"))
JOB = ScoreJob(
    model=str(ROOT / "models" / "nnet3_chain_tdnnf" / "final.mdl"),
    inputs=f"ark:{KALDI}/hires.ark",
    kaldi=KaldiOptions(frame_subsampling_factor=3),
)


def with_words(files: WordFiles, **more: object) -> ScoreJob:
    return replace(JOB, decoding=WordSettings(GRAPH, files=files, decode_workers=1), **more)  # type: ignore[arg-type]


def test_scores_and_words_in_one_run(tmp_path: Path) -> None:
    files = WordFiles(text=f"{tmp_path}/text", ctm=f"{tmp_path}/ctm", reference_text=str(ROOT / "data/speech/text"))
    report = run_job(with_words(files, outputs=f"ark:{tmp_path}/scores.ark"))
    assert report.words is not None
    assert (report.words.utterances, report.totals.utterances, report.verdict) == (9, 9, "ok")
    assert [line.split()[0] for line in (tmp_path / "text").read_text().splitlines()] == [
        key for key, _ in read_table(f"ark:{tmp_path}/scores.ark")
    ]
    run_job(replace(JOB, outputs=f"ark:{tmp_path}/alone.ark"))
    for (key, alone), (other, beside) in zip(
        read_table(f"ark:{tmp_path}/alone.ark"), read_table(f"ark:{tmp_path}/scores.ark"), strict=True
    ):
        assert key == other
        np.testing.assert_array_equal(alone, beside)


def test_nothing_is_done_with_words() -> None:
    with pytest.raises(UsageError, match="expected a file for the words"):
        run_job(with_words(WordFiles()))


def test_what_is_read_is_not_written_over(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is the same file as that of model"):
        run_job(with_words(WordFiles(text=JOB.model)))
