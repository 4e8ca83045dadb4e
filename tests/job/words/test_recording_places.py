"""Utterances in recordings: times, speakers, sound."""

from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.errors import FileAccessError
from ov_asr_score.job.words.recording_places import load_places
from ov_asr_score.transcript.transcript import Alternative, Segment, Word
from tests.command_line import ROOT

SEGMENT = Segment("utt1", 0.0, 2.0, (Alternative((Word("yes", 0.5, 1.0), Word("no"))),))


def test_a_part_of_a_recording(tmp_path: Path) -> None:
    (tmp_path / "wav.scp").write_text("rec a.wav\n")
    (tmp_path / "segments").write_text("utt1 rec 10.5 13.25\nutt2 rec 20 -1\n")
    (tmp_path / "utt2spk").write_text("utt1 anna\n")
    (tmp_path / "reco2file_and_channel").write_text("rec file A\n")
    places = load_places(str(tmp_path))
    placed = places.placed(SEGMENT)
    assert (placed.recording, placed.start, placed.end, placed.speaker) == ("rec", 10.5, 13.25, "anna")
    assert placed.alternatives[0].words == (Word("yes", 11.0, 11.5), Word("no"))
    assert places.sides == {"rec": ("file", "A")}
    last = places.placed(Segment("utt2", 0.0, 2.0, ()))
    assert (last.start, last.end, last.speaker) == (20.0, 22.0, "")


def test_nothing_is_known() -> None:
    places = load_places("")
    assert places.placed(SEGMENT) == SEGMENT
    assert places.sounds({"utt1"}) == {}
    with pytest.raises(FileAccessError, match="expected a data directory"):
        load_places("nowhere")


def test_sound() -> None:
    sounds = load_places(str(ROOT / "data" / "speech")).sounds({"es_Annie-t0002", "es_f4-t0000"})
    assert list(sounds) == ["es_Annie-t0002", "es_f4-t0000"]
    for sound in sounds.values():
        assert sound.source.startswith("data:audio/wav;base64,")
        assert 100 < max(sound.peaks[0]) <= 32768
