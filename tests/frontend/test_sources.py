from __future__ import annotations

import os
from pathlib import Path

import pytest

from ov_asr_score.frontend.sources import (
    count_utterances,
    is_permissive,
    is_read_once,
    is_sound,
    source_files,
    table_of,
)
from tests.frontend.places import FEATURES, SPEECH


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("wav:*.flac", True),
        ("wav,scp:wav.scp", True),
        ("wav,p,scp:wav.scp", True),
        ("wav,ark:wavs", True),
        ("speech.FLAC", True),
        ("feats.ark", False),
        ("ark:speech.wav", False),
        ("scp,p:feats.scp", False),
        ("copy-feats ark:a.wav ark:- |", False),
        ("-", False),
    ],
)
def test_what_is_sound_by_its_name(source: str, expected: bool) -> None:
    assert is_sound(source) is expected


def test_a_data_directory_is_sound_if_it_has_any(tmp_path: Path) -> None:
    (tmp_path / "feats.scp").write_text("a feats.ark:2\n")
    assert not is_sound(str(tmp_path))
    assert table_of(str(tmp_path)) == f"scp:{tmp_path}/feats.scp"
    (tmp_path / "wav.scp").write_text("a a.wav\n")
    assert is_sound(str(tmp_path))
    assert table_of(str(tmp_path)) == str(tmp_path)
    assert table_of("ark:x") == "ark:x"


def test_the_option_p() -> None:
    assert is_permissive("wav,p,scp:wav.scp")
    assert not is_permissive("wav,scp:wav.scp")


def test_files_that_a_source_is_read_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FEATURES)
    assert list(source_files("wav,scp:two.scp")) == ["two.scp", "wav/es_Annie-t0024.flac", "wav/flite_slt-t0017.flac"]
    assert list(source_files("wav:wav/t*.flac")) == ["wav/tiny.flac"]
    assert list(source_files("wav,scp:nothing.scp")) == ["nothing.scp"]
    monkeypatch.chdir(SPEECH.parent.parent)
    files = list(source_files("data/speech"))
    assert files[:3] == ["data/speech/wav.scp", "data/speech/utt2spk", "data/speech/spk2utt"]
    assert files[-1] == "data/speech/flite_slt-t0017.flac"


def test_numbers_of_utterances(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(FEATURES)
    assert count_utterances("wav,scp:two.scp") == 2
    assert count_utterances("wav:wav/*.flac") == 9
    assert count_utterances(str(SPEECH)) == 9
    assert count_utterances("wav,ark:segments/stereo.wav.ark") is None
    (tmp_path / "wav.scp").write_text("a a.wav\n")
    (tmp_path / "segments").write_text("a-1 a 0 1\n\na-2 a 1 2\n")
    assert count_utterances(str(tmp_path)) == 2
    assert count_utterances("wav,scp:nothing.scp") is None


@pytest.mark.parametrize(
    "source", ["-", "ark:-", "scp:-", "wav:-", "wav,scp:-", "wav,ark:-", "ark:", "PIPE", "ark:PIPE"]
)
def test_what_is_read_once(source: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert is_read_once(source.replace("PIPE", f"{tmp_path}/pipe"))


@pytest.mark.parametrize(
    "source", ["ark:{}", "scp:{}", "{}", "wav,scp:{}", "{}:5", "ark:cat {} |", "ark:nothing", "/tmp"]
)
def test_what_is_read_again(source: str, tmp_path: Path) -> None:
    (tmp_path / "list").write_text("a b\n")
    assert not is_read_once(source.format(tmp_path / "list"))
