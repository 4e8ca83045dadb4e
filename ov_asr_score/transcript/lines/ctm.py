"""CTM: a line for each word with its times, ``file channel start duration word [confidence]``.

There are two kinds. Kaldi's programs write the utterance as file, always channel 1, and times from the beginning of the
utterance (latbin/nbest-to-ctm.cc, latbin/lattice-to-ctm-conf.cc). sclite wants recordings, sides and times from the
beginning of the recording, which Kaldi's recipes make of it by segments and reco2file_and_channel
(utils/convert_ctm.pl).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ov_asr_score.transcript.lines.text_columns import column, decimals, not_a_comment
from ov_asr_score.transcript.timed_words import segment_times, timed_words
from ov_asr_score.transcript.transcript import Segment, Transcript, best_words, recording_name

VIEW = "ctm"
Sides = Mapping[str, tuple[str, str]]
"""File and side of recordings, by their names: reco2file_and_channel."""


def kaldi_ctm(transcript: Transcript) -> str:
    """The words of all segments in order, by utterance, as Kaldi's programs write them.

    Raises UsageError where times are unknown, TranscriptFormatError for words with spaces in them.
    """
    return "".join(line for segment in transcript.segments for line in kaldi_ctm_lines(segment))


def kaldi_ctm_lines(segment: Segment, digits: int = 2) -> Iterator[str]:
    """The lines of one segment in :func:`kaldi_ctm`; times have ``digits`` decimals."""
    offset = segment_times(segment, VIEW)[0] if segment.recording and best_words(segment) else 0.0
    return _lines(segment, segment.utterance, "1", offset, digits)


def ctm(transcript: Transcript, sides: Sides | None = None) -> str:
    """The words of all segments by recording, channel and time, as sclite reads them.

    Without ``sides``, the file is the name of the recording and the side the number of its channel. Raises UsageError
    where times are unknown, TranscriptFormatError for words with spaces in them.
    """
    lines = [
        (file, side, segment.start or 0.0, line)
        for segment in transcript.segments
        for file, side in [file_and_side(segment, sides)]
        for line in _lines(segment, file, side, 0.0)
    ]
    files = {file: place for place, file in enumerate(dict.fromkeys(file for file, *_ in lines))}
    lines.sort(key=lambda line: (files[line[0]], line[1], line[2]))
    return "".join(line[3] for line in lines)


def file_and_side(segment: Segment, sides: Sides | None = None) -> tuple[str, str]:
    """The first two columns of NIST's formats for a segment."""
    recording = recording_name(segment)
    return (sides or {}).get(recording, (recording, str(segment.channel)))


def _lines(segment: Segment, file: str, side: str, offset: float, digits: int = 2) -> Iterator[str]:
    utterance = segment.utterance
    head = not_a_comment(f"{column(file, 'name', utterance, VIEW)} {column(side, 'side', utterance, VIEW)}", file, VIEW)
    for word in timed_words(segment, VIEW):
        start, duration = decimals(word.start - offset, digits), decimals(word.end - word.start, digits)
        confidence = "" if word.confidence is None else f" {decimals(word.confidence)}"
        yield f"{head} {start} {duration} {column(word.text, 'word', utterance, VIEW)}{confidence}\n"
