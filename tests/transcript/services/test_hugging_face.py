"""Hugging Face's JSON."""

from __future__ import annotations

import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.transcript.services.hugging_face import hugging_face
from ov_asr_score.transcript.transcript import Alternative, Segment, Transcript
from tests.transcript.samples import call, lights, untimed


def test_text_alone() -> None:
    assert hugging_face(lights()) == {"text": "turn the light on"}
    assert hugging_face(Transcript(())) == {"text": ""}


def test_chunks_of_words() -> None:
    chunks = hugging_face(lights(), "word")["chunks"]
    assert chunks[0] == {"text": "turn", "timestamp": [0.31, 0.58], "confidence": 0.97}
    assert [chunk["text"] for chunk in chunks] == ["turn", "the", "light", "on"]


@pytest.mark.parametrize("asked", [True, "segment"])
def test_chunks_of_segments(asked: bool) -> None:
    chunks = hugging_face(call(), asked)["chunks"]
    assert chunks[0] == {"text": 'grüß gott R&D "hier"', "timestamp": [0.5, 2.75], "confidence": 0.8}
    assert chunks[1] == {"text": "ja, <unk>", "timestamp": [2.4, 3.6]}
    assert len(chunks) == 3


def test_what_cannot_be_answered() -> None:
    untimely = Transcript((Segment("u", None, None, (Alternative(untimed("a")),)),))
    with pytest.raises(UsageError, match=r"^hugging-face: utterance 'u': expected times for the word 'a'"):
        hugging_face(untimely, "word")
    with pytest.raises(UsageError, match=r"^hugging-face: utterance 'u': expected its start and end"):
        hugging_face(untimely, True)
    with pytest.raises(UsageError, match=r"^return_timestamps: expected true, false or 'word', found 'char'$"):
        hugging_face(lights(), "char")  # type: ignore[arg-type]
