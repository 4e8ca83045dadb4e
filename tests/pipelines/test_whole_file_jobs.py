"""Pipelines of models that are not computed step by step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import TableFormatError
from ov_asr_score.job.transcribe.transcription import run_transcription
from ov_asr_score.pipelines.creating import pipeline
from ov_asr_score.settings.recognition.transcribe_job import TranscribeJob
from ov_asr_score.settings.words.word_outputs import WordFiles
from tests.command_line import DATA, ROOT
from tests.job.transcribe.directories import EXPERIMENT

FILE = DATA / "speech/es_belinda-t0011.flac"


def test_words_of_an_experiment() -> None:
    pytest.importorskip("kaldi_decoder")
    recognize = pipeline(model=EXPERIMENT, alternatives=2, confidence="mbr", return_timestamps="word")
    answer = recognize(FILE)
    assert answer["text"] == "on start six right" and answer["chunks"][1]["timestamp"] == (0.6, 1.11)
    assert answer["chunks"][1]["confidence"] > 0.9
    assert len(answer.transcript.segments[0].alternatives) == 2
    assert answer.transcript.durations == {"recording-1": 2.4688125}
    with pytest.raises(TableFormatError, match="expected a frame or more, found none"):
        recognize(np.zeros(10), sampling_rate=16000)


def test_words_of_a_ctc_model(tmp_path: Path) -> None:
    (tmp_path / "fbank.conf").write_text("--num-mel-bins=40\n--dither=0\n")
    (tmp_path / "model.toml").write_text(
        f'[model]\nfile = "{ROOT}/models/conv_ctc.onnx"\nrow-shift = 0.02\n'
        '[features]\ntype = "fbank"\nconfig = "fbank.conf"\n'
        f'[ctc]\ntokens = "{ROOT}/data/conv_ctc/vocab.txt"\n'
    )
    text = tmp_path / "text"
    run_transcription(TranscribeJob(str(tmp_path), (str(FILE),), files=WordFiles(text=str(text)), decode_workers=1))
    assert [f"{FILE.stem} {answer['text']}".strip() for answer in pipeline(model=tmp_path)([FILE], batch_size=2)] == (
        text.read_text().splitlines()
    )
