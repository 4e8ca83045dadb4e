"""CTM, beside what Kaldi's programs and scripts wrote."""

from __future__ import annotations

import pytest

from ov_asr_score.errors import TranscriptFormatError, UsageError
from ov_asr_score.transcript.lines.ctm import ctm, kaldi_ctm, kaldi_ctm_lines
from ov_asr_score.transcript.transcript import Alternative, Segment, Transcript, Word
from tests.transcript.samples import DATA, call, of_ctm, segment

# lattice-to-ctm-conf's, and what convert_ctm.pl made of it with these segments
KALDI = (DATA / "kaldi_conf.ctm").read_text()
SEGMENTS = (DATA / "segments").read_text()
RECORDINGS = (DATA / "recordings.ctm").read_text()


def test_kaldi_ctm_of_whole_recordings() -> None:
    assert kaldi_ctm(of_ctm(KALDI)) == KALDI


def test_kaldi_ctm_of_segments_counts_from_their_start() -> None:
    assert kaldi_ctm(of_ctm(KALDI, SEGMENTS)) == KALDI


def test_ctm_of_recordings() -> None:
    sides = {"call1": ("sw2001", "A"), "call2": ("sw2001", "B")}
    assert ctm(of_ctm(KALDI, SEGMENTS), sides) == RECORDINGS


def test_confidence_is_left_out_where_it_is_unknown() -> None:
    without = "".join(line.rpartition(" ")[0] + "\n" for line in KALDI.splitlines())
    assert kaldi_ctm(of_ctm(without)) == without


def test_channels_come_one_after_the_other() -> None:
    lines = ctm(call()).splitlines()
    assert lines[0] == "call 1 0.50 0.50 grüß 0.90"
    assert [line.split()[1] for line in lines] == ["1"] * 6 + ["2"] * 2
    assert lines[4] == "call 1 5.10 0.30 --> 0.90"


def test_shorter_frames_have_more_decimals() -> None:
    assert list(kaldi_ctm_lines(segment("a", start=0.125, seconds=0.005), 3)) == ["utt1 1 0.125 0.005 a 0.90\n"]


def test_segments_without_words_have_no_lines() -> None:
    assert kaldi_ctm(Transcript((Segment("u", None, None, (), "r"),))) == ""


def test_what_cannot_be_written() -> None:
    with pytest.raises(UsageError, match=r"^ctm: utterance 'u': expected times for the word 'a', found none"):
        ctm(Transcript((Segment("u", 0, 1, (Alternative((Word("a"),)),)),)))
    with pytest.raises(UsageError, match=r"^ctm: utterance 'u': expected its start and end in the recording"):
        kaldi_ctm(Transcript((Segment("u", None, 1, (Alternative((Word("a", 0, 1),)),), "r"),)))
    with pytest.raises(TranscriptFormatError, match=r"^ctm: utterance 'u': expected a word without spaces"):
        ctm(Transcript((Segment("u", 0, 1, (Alternative((Word("a b", 0, 1),)),)),)))
    with pytest.raises(TranscriptFormatError, match=r"expected a line that is no comment"):
        ctm(Transcript((segment("a", utterance=";;u"),)))
