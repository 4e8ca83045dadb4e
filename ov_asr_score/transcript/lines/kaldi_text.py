"""Kaldi's text: lines ``utterance word word …``, and n-best lists in it, as int2sym.pl writes words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ov_asr_score.transcript.lines.text_columns import column
from ov_asr_score.transcript.transcript import Segment, Transcript, Word, best_words

VIEW = "text"


def kaldi_text(transcript: Transcript) -> str:
    """A line for each segment with its key and the words of its best alternative; only the key where it has none.

    Raises TranscriptFormatError for words with spaces in them.
    """
    return "".join(text_line(segment.utterance, best_words(segment)) for segment in transcript.segments)


def nbest_text(transcript: Transcript) -> str:
    """A line for each alternative, with keys ``utterance-1``, ``utterance-2``, …, as lattice-to-nbest names them."""
    return "".join(line for segment in transcript.segments for line in nbest_lines(segment))


def nbest_lines(segment: Segment) -> Iterator[str]:
    """The lines of one segment in :func:`nbest_text`."""
    for number, alternative in enumerate(segment.alternatives, start=1):
        yield text_line(f"{segment.utterance}-{number}", alternative.words)


def text_line(utterance: str, words: Iterable[Word]) -> str:
    """The line of an utterance, with its line feed. Raises TranscriptFormatError for words with spaces in them."""
    shown = [column(utterance, "key", utterance, VIEW), *(column(word.text, "word", utterance, VIEW) for word in words)]
    return " ".join(shown) + "\n"
