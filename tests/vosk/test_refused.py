"""What vosk has and this package has not."""

from __future__ import annotations

import pytest

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.vosk.refused import BatchModel, BatchRecognizer, Processor, SpkModel


def test_refusals_say_what_to_do() -> None:
    with pytest.raises(UnsupportedModelError, match=r"^spk: models of speakers are not supported; leave SpkModel out"):
        SpkModel("spk")
    with pytest.raises(UnsupportedModelError, match=r"^model: BatchModel is for graphics cards; take Model"):
        BatchModel("model")
    with pytest.raises(UnsupportedModelError, match=r"^BatchRecognizer is for graphics cards; take KaldiRecognizer"):
        BatchRecognizer(None, 16000)
    with pytest.raises(UnsupportedModelError, match=r"^a.fst, b.fst: texts are given as they were spoken"):
        Processor("a.fst", "b.fst")
