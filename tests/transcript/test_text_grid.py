"""TextGrids, read by praatio; tiers without gaps and overlaps."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from praatio import textgrid as praat

from ov_asr_score.errors import UsageError
from ov_asr_score.transcript.text_grid import text_grid
from ov_asr_score.transcript.transcript import Alternative, Segment, Transcript, Word
from tests.transcript.samples import DATA, call, lights, segment, transcripts


def read(text: str, folder: Path) -> Any:
    path = folder / "t.TextGrid"
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    return praat.openTextgrid(str(path), includeEmptyIntervals=True, reportingMode="error")


def test_golden_file() -> None:
    assert text_grid(call()) == (DATA / "call.TextGrid").read_text(encoding="utf-8")


def test_praatio_reads_tiers_of_each_channel(tmp_path: Path) -> None:
    grid = read(text_grid(call()), tmp_path)
    assert grid.tierNames == ("segments 1", "words 1", "segments 2", "words 2")
    assert [tuple(entry) for entry in grid.getTier("words 2").entries] == [
        (0.0, 2.5, ""),
        (2.5, 2.9, "ja,"),
        (2.9, 3.3, "<unk>"),
        (3.3, 6.5, ""),
    ]
    assert [entry.label for entry in grid.getTier("words 1").entries if entry.label][3] == '"hier"'
    assert grid.maxTimestamp == 6.5


def test_one_channel_has_plain_names(tmp_path: Path) -> None:
    assert read(text_grid(lights()), tmp_path).tierNames == ("segments", "words")


def test_overlaps_begin_where_the_word_before_ends(tmp_path: Path) -> None:
    spoken = (Word("a", 0.0, 1.0), Word("b", 0.8, 1.5), Word("c", 1.5, 1.5), Word("d", 1.5, 2.0))
    grid = read(text_grid(Transcript((Segment("u", 0.0, 2.0, (Alternative(spoken),)),))), tmp_path)
    assert [tuple(entry) for entry in grid.getTier("words").entries] == [
        (0.0, 1.0, "a"),
        (1.0, 1.5, "b"),
        (1.5, 1.501, "c"),
        (1.501, 2.0, "d"),
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(transcripts())
def test_tiers_cover_the_recording(transcript: Transcript) -> None:
    text = text_grid(transcript)
    tiers = text.split("    item [")[1:]
    (end,) = re.findall(r"^xmax = (.*)", text, re.MULTILINE)
    for tier in tiers[1:] if tiers and tiers[0].startswith("]:") else tiers:
        bounds = re.findall(r"^ {12}xmin = (.*)\n {12}xmax = (.*)\n {12}text = \"(.*)\"$", tier, re.MULTILINE)
        assert bounds[0][0] == "0"
        assert bounds[-1][1] == end
        assert all(before[1] == after[0] for before, after in pairwise(bounds))
        assert all(float(start) < float(stop) for start, stop, _ in bounds)
        if 'name = "words"' in tier:
            labels = [label.replace('""', '"') for *_, label in bounds if label]
            assert labels == [
                word.text for each in transcript.segments for option in each.alternatives for word in option.words
            ]


def test_nothing_was_said(tmp_path: Path) -> None:
    assert "tiers? <absent>" in text_grid(Transcript(()))
    silent = Transcript((Segment("u", 0.0, 1.0, ()),))
    assert [tuple(entry) for entry in read(text_grid(silent), tmp_path).getTier("words").entries] == [(0.0, 1.0, "")]


def test_line_breaks_in_words_become_spaces() -> None:
    assert 'text = "a b"' in text_grid(Transcript((segment("a\n\tb"),)))


def test_what_cannot_be_written() -> None:
    with pytest.raises(UsageError, match=r"^TextGrid: utterance 'u': expected its start and end in the recording"):
        text_grid(Transcript((Segment("u", None, None, ()),)))
    with pytest.raises(UsageError, match=r"^TextGrid: utterance 'u': expected times for the word 'a'"):
        text_grid(Transcript((Segment("u", 0, 1, (Alternative((Word("a"),)),)),)))
    with pytest.raises(UsageError, match=r"^TextGrid: expected the transcript of one recording, found 2"):
        text_grid(Transcript((segment("a", utterance="x"), segment("a", utterance="y"))))
