"""Caption files are there from the beginning, and valid after each segment."""

from __future__ import annotations

from pathlib import Path

import pytest
import webvtt

from ov_asr_score.errors import FileAccessError
from ov_asr_score.job.outputs.caption_file import CaptionFile
from ov_asr_score.settings.words.captions import CaptionOptions
from ov_asr_score.transcript.transcript import Alternative, Segment, Word

FIRST = Segment("a", 0.0, 2.0, (Alternative((Word("left", 0.4, 0.7),)),))
SECOND = Segment("b", 2.0, 4.0, (Alternative((Word("right", 2.5, 3.0),)),))


def test_each_segment_is_there_at_once(tmp_path: Path) -> None:
    path = tmp_path / "live.vtt"
    path.write_text("older")
    with CaptionFile(str(path), CaptionOptions()) as captions:
        assert path.read_text() == "WEBVTT\n"
        for segment, words in ((FIRST, ["left"]), (SECOND, ["left", "right"])):
            captions.add(segment)
            assert [cue.text for cue in webvtt.read(str(path)).captions] == words
    assert [each.name for each in tmp_path.iterdir()] == ["live.vtt"]


def test_srt_by_suffix(tmp_path: Path) -> None:
    with CaptionFile(str(tmp_path / "live.SRT"), CaptionOptions()) as captions:
        captions.add(FIRST)
    assert (tmp_path / "live.SRT").read_text() == "1\n00:00:00,400 --> 00:00:01,400\nleft\n"


def test_files_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match=r"live\.vtt: no such file"):
        CaptionFile(str(tmp_path / "no" / "live.vtt"), CaptionOptions())
    with CaptionFile("/dev/full", CaptionOptions()) as captions, pytest.raises(FileAccessError, match="no space left"):
        captions.add(FIRST)
