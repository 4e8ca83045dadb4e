"""The command line from sound to words."""

from __future__ import annotations

import json
from pathlib import Path

from tests.command_line import DATA, ROOT, run

FOLDER = str(ROOT / "models" / "chain_ivector")
SPEECH = DATA / "speech"
WORDS = (SPEECH / "kaldi_text").read_text()
SOUND = [str(path) for path in sorted(SPEECH.glob("*.flac"))]


def test_words_go_to_standard_output_and_the_report_to_standard_error() -> None:
    outcome = run("transcribe", FOLDER, *SOUND, "--no-cache", "--decode-workers", "1")
    assert (outcome.code, outcome.stdout) == (0, WORDS)
    assert "decoded 9 utterances" in outcome.stderr and "verdict: ok" in outcome.stderr


def test_a_transcript_of_each_recording_and_a_report(tmp_path: Path) -> None:
    options = ("--no-cache", "--decode-workers", "1", "-o", f"{tmp_path}/out/", "--report", str(tmp_path / "r.json"))
    outcome = run("transcribe", FOLDER, str(SPEECH / "*.flac"), *options)
    assert (outcome.code, outcome.stdout) == (0, "")
    lines = [path.read_text() for path in sorted((tmp_path / "out").iterdir())]
    assert "".join(lines) == WORDS
    assert json.loads((tmp_path / "r.json").read_text())["words"]["utterances"] == 9


def test_kaldis_spelling_of_options(tmp_path: Path) -> None:
    text = tmp_path / "text"
    options = ("--no-cache", "--decode-workers=1", "--quiet", "--acoustic-scale=1.0", "--beam=15", "--allow-partial")
    outcome = run("transcribe", FOLDER, SOUND[0], *options, f"--text={text}", "--shard", "1/1")
    assert (outcome.code, text.read_text()) == (0, WORDS.splitlines(keepends=True)[0])


def test_a_folder_that_is_no_model_is_named(tmp_path: Path) -> None:
    outcome = run("transcribe", str(tmp_path), SOUND[0])
    assert outcome.code == 3
    assert outcome.stderr.startswith(f"error: {tmp_path}") and outcome.stderr.count("\n") == 1
