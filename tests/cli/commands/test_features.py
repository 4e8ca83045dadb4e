from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import run
from tests.frontend.places import FEATURES, stored

HIRES = FEATURES / "conf" / "mfcc_hires.conf"


@pytest.fixture(autouse=True)
def in_features(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths in the lists are relative to their folder."""
    monkeypatch.chdir(FEATURES)


def test_sound_to_a_table(tmp_path: Path) -> None:
    outcome = run("features", "--config", HIRES, "wav,scp:two.scp", tmp_path / "f.ark")
    assert (outcome.code, outcome.stdout) == (0, "")
    assert outcome.stderr == f"note: mfcc features, as the name of {HIRES} says\nwrote 2 entries\n"
    assert stored(tmp_path / "f.ark")["flite_slt-t0017"].shape == (105, 40)
    quiet = run("features", "--type=mfcc", "wav/tiny.flac", "ark,t:-", "--quiet")
    assert (quiet.code, quiet.stdout, quiet.stderr) == (0, "tiny  [ ]\n", "")


@pytest.mark.parametrize(
    ("words", "width"),
    [
        ("--type mfcc --use-energy=false --Num_Ceps=20", 20),
        ("--type fbank --use-energy", 24),
        ("--type fbank --use-energy true", 24),
        ("--type fbank --use-energy= --num-mel-bins 30", 31),
        ("--type=fbank --use_energy=f", 23),
        ("--type fbank --delta-order=2 --splice 1,1", 207),
    ],
)
def test_options_in_the_spelling_of_kaldi(words: str, width: int, tmp_path: Path) -> None:
    outcome = run("features", *words.split(), "wav/es_f4-t0000.flac", tmp_path / "f.ark")
    assert outcome.code == 0, outcome.stderr
    assert stored(tmp_path / "f.ark")["es_f4-t0000"].shape == (168, width)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("wav/tiny.flac", 2, "--type: expected mfcc, fbank, plp, spectrogram, pitch or wave"),
        ("--type fbank --num-ceps=3 wav/tiny.flac", 2, "--num-ceps: expected an option of filterbank features"),
        ("--type fbank --use-energy=perhaps wav/tiny.flac", 2, "--use-energy perhaps: expected true or false"),
        ("--type mfcc nothing.wav", 3, "nothing.wav: no such file"),
        ("--type mfcc all.scp", 2, "--type: is for sound, and all.scp is taken for a table of features; sound is"),
        (
            "--type mfcc wav/w8k.flac",
            3,
            "utterance 'w8k': expected sound of 16000 Hz (--sample-frequency), found 8000 Hz",
        ),
        ("all.scp", 2, "SOURCE all.scp: expected sound, or steps that follow features, found neither"),
        ("--config segments/segments --type mfcc wav/tiny.flac", 3, "segments/segments: "),
    ],
)
def test_what_is_wrong_is_said_in_one_line(words: str, code: int, message: str, tmp_path: Path) -> None:
    outcome = run("features", *words.split(), tmp_path / "f.ark")
    assert (outcome.code, outcome.error[: len(message)]) == (code, message)
    assert list(tmp_path.iterdir()) == []


def test_sound_in_the_place_of_the_table() -> None:
    outcome = run("features", "--type=mfcc", "f.ark", "wav,scp:wav.scp")
    assert (outcome.code, outcome.error) == (
        2,
        "WSPECIFIER wav,scp:wav.scp: expected a table to write, such as ark:feats.ark, behind the sources; found sound",
    )


def test_what_was_skipped_is_said(tmp_path: Path) -> None:
    outcome = run("features", "--type", "mfcc", "wav:wav/*.flac", tmp_path / "f.ark", "--on-error", "skip")
    assert outcome.code == 1
    assert "skipped: w8k: utterance 'w8k': expected sound of 16000 Hz" in outcome.stderr
    assert outcome.stderr.endswith("wrote 8 entries, skipped 1\n")
