"""Text as Kaldi reads it."""

from __future__ import annotations

import pytest

from ov_asr_score.errors import TranscriptFormatError
from ov_asr_score.transcript.lines.kaldi_text import kaldi_text, nbest_text
from ov_asr_score.transcript.transcript import Alternative, Segment, Transcript, Word
from tests.transcript.samples import call, lights


def test_text() -> None:
    assert kaldi_text(call()) == 'call-a-1 grüß gott R&D "hier"\ncall-b-1 ja, <unk>\ncall-a-2\ncall-a-3 --> <b>\n'
    assert kaldi_text(Transcript(())) == ""


def test_n_best_lists() -> None:
    assert nbest_text(lights()) == "lights-1 turn the light on\nlights-2 turn the lights on\n"


@pytest.mark.parametrize(("utterance", "word"), [("u", "a b"), ("u", ""), ("u 1", "a"), ("", "a")])
def test_what_would_be_other_columns(utterance: str, word: str) -> None:
    with pytest.raises(TranscriptFormatError, match=r"^text: utterance '"):
        kaldi_text(Transcript((Segment(utterance, None, None, (Alternative((Word(word),)),)),)))
