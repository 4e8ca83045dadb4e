from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.audio.lists.segments import (
    RecordingPart,
    SegmentLimits,
    parse_segment,
    read_segments,
    segment_samples,
)
from ov_asr_score.errors import OvAsrScoreError, SoundFormatError, TableFormatError
from ov_asr_score.kaldi_io.tables.word_lines import WordLine

FIXTURES = Path(__file__).parents[2] / "kaldi_speech" / "features" / "segments"


def parsed(text: str) -> RecordingPart:
    return parse_segment(WordLine(tuple(text.split()), 7, "segments"))


def cut(text: str, num_samples: int, rate: float = 16000, **limits: float) -> tuple[int, int]:
    return segment_samples(parsed(text), rate, num_samples, SegmentLimits(**limits))


def test_lines_of_a_file() -> None:
    segments = list(read_segments(str(FIXTURES / "segments")))
    assert [(each.key, each.recording, each.start, each.end, each.channel) for each in segments[:3]] == [
        ("es_john-t0021-000010-000060", "es_john-t0021", 0.1, 0.6, None),
        ("es_john-t0021-000055-end", "es_john-t0021", 0.55, -1, None),
        ("es_john-t0021-odd", "es_john-t0021", 0.12345, 0.45678, None),
    ]
    assert [each.channel for each in read_segments(str(FIXTURES / "segments_ch"))] == [0, 1]


def test_spellings_of_numbers() -> None:
    assert parsed("a r +1e-1 .5") == RecordingPart("a", "r", 0.1, 0.5, None, "segments: line 7: segment 'a'")
    assert (parsed("a r 1. 2.").start, parsed("a r -0 1").end, parsed("a r 1 -1.0").end) == (1.0, 1.0, -1.0)
    assert parsed("a r 0 1 +1").channel == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "a",
            "line 7: expected a segment, its recording, start and end in seconds, and perhaps a channel, found 1 word",
        ),
        ("a r 0", "found 3 words in 'a r 0'"),
        ("a r 0 1 0 0", "found 6 words"),
        ("a r 1,5 2", "segment 'a': expected a number of seconds as its start, found '1,5'"),
        ("a r 0x1 2", "expected a number of seconds as its start"),
        ("a r 1_0 20", "expected a number of seconds as its start"),
        ("a r 0 nan", "expected a number of seconds as its end, found 'nan'"),
        ("a r -0.1 1", "expected 0 <= start < end, or end -1, found start -0.1 and end 1"),
        ("a r 1 1", "found start 1 and end 1"),
        ("a r 2 1", "found start 2 and end 1"),
        ("a r 0 -2", "found start 0 and end -2"),
        ("a r 0 1 -1", "expected a channel counted from 0, found '-1'"),
        ("a r 0 1 A", "expected a channel counted from 0, found 'A'"),
        ("a r 0 1 1.0", "expected a channel counted from 0, found '1.0'"),
    ],
)
def test_lines_that_kaldi_warns_of_are_errors(text: str, message: str) -> None:
    with pytest.raises(TableFormatError) as error:
        parsed(text)
    assert message in str(error.value)
    assert str(error.value).startswith("segments: line 7: ")


def test_bad_lines_are_skipped_on_request(tmp_path: Path) -> None:
    path = tmp_path / "segments"
    path.write_text("a r 0 1\nb r x 1\n\nc r\nd r 1 2\n")
    skipped: list[tuple[str, OvAsrScoreError]] = []
    found = [each.key for each in read_segments(str(path), on_skip=lambda *what: skipped.append(what))]
    assert found == ["a", "d"]
    assert [key for key, _ in skipped] == ["b", "c"]
    assert f"{path}: line 4: expected" in str(skipped[1][1])
    with pytest.raises(TableFormatError, match="line 2"):
        list(read_segments(str(path)))


@pytest.mark.parametrize(
    ("text", "num_samples", "samples"),
    [
        ("a r 0.1 0.6", 16000, (1600, 9600)),
        ("a r 0.55 -1", 16000, (8800, 16000)),
        ("a r 0.12345 0.45678", 16000, (1975, 7308)),  # rounded to the nearest sample
        ("a r 0.5 1.2", 16000, (8000, 16000)),  # cut at the end
        ("a r 0.5 1.5", 16000, (8000, 16000)),
    ],
)
def test_samples_of_a_segment(text: str, num_samples: int, samples: tuple[int, int]) -> None:
    assert cut(text, num_samples) == samples


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a r 1.01 -1", "line 7: segment 'a': expected a start within the 1 seconds of the recording, found 1.01"),
        ("a r 0.5 1.51", "expected an end within the 1 seconds of the recording (and max_overshoot, 0.5 seconds)"),
        ("a r 0.5 inf", "found inf"),
        ("a r 0.1 0.15", "expected at least 0.100000001 seconds (min_segment_length), found 0.05: from 0.1 to 0.15"),
        ("a r 0.95 -1", "from 0.95 to 1"),
        ("a r 1.0 1.4", "found 0: from 1 to 1"),
    ],
)
def test_segments_that_kaldi_leaves_out_are_errors(text: str, message: str) -> None:
    with pytest.raises(SoundFormatError) as error:
        cut(text, 16000)
    assert message in str(error.value)


def test_limits_are_options() -> None:
    assert cut("a r 0.1 0.15", 16000, min_segment_length=0.02) == (1600, 2400)
    with pytest.raises(SoundFormatError, match="max_overshoot"):
        cut("a r 0.5 1.2", 16000, max_overshoot=0.1)
    with pytest.raises(SoundFormatError, match="expected at least one sample, found none from 1 to 1 seconds"):
        cut("a r 1.0 1.4", 16000, min_segment_length=0.0)


def test_lengths_have_single_precision() -> None:
    """1608 / 16000 is 0.1005, in single precision 0.1005000025; and 0.1 is 0.10000000149."""
    assert cut("a r 0 0.1005000025", 1608, max_overshoot=0.0) == (0, 1608)
    with pytest.raises(SoundFormatError, match="max_overshoot"):
        cut("a r 0 0.1005000026", 1608, max_overshoot=0.0)
    with pytest.raises(SoundFormatError, match=r"expected at least 0.100000001 seconds .*, found 0.1: from 0.1 to 0.2"):
        cut("a r 0.1 0.2", 16000)
    assert cut("a r 0.1 0.200000002", 16000) == (1600, 3200)
