"""One model in every layout: the words are those of Kaldi."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ov_asr_score.job.transcribe.transcription import run_transcription
from ov_asr_score.settings.recognition.transcribe_job import TranscribeJob
from ov_asr_score.settings.words.word_outputs import WordFiles
from tests.command_line import DATA
from tests.model_directory.layouts.places import (
    lay_out,
    lay_out_experiment,
    lay_out_kaldi_serve,
    lay_out_online,
    lay_out_vosk_1,
    lay_out_vosk_2,
    lay_out_zamia,
)
from tests.model_directory.layouts.test_model_toml import WHOLE

SPEECH = DATA / "speech"


def lay_out_described(folder: Path) -> Path:
    """A directory with model.toml."""
    text = WHOLE.partition("[search]")[0]
    return lay_out(lay_out_online(folder), {"model.toml": text})


@pytest.mark.parametrize(
    "made",
    [
        lay_out_online,
        lay_out_vosk_2,
        lay_out_vosk_1,
        lay_out_experiment,
        lay_out_zamia,
        lay_out_kaldi_serve,
        lay_out_described,
    ],
)
def test_words(made: Callable[[Path], Path], tmp_path: Path) -> None:
    text = tmp_path / "text"
    folder = made(tmp_path / "model")
    job = TranscribeJob(str(folder), (f"wav:{SPEECH}/*.flac",), files=WordFiles(text=str(text)), decode_workers=1)
    assert run_transcription(job).verdict == "ok"
    assert text.read_text() == (SPEECH / "kaldi_text").read_text()
