"""The shipped model, loaded once for all tests here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ov_asr_score.recognition.recognizer import Recognizer, load_recognizer
from tests.recognition.places import MODEL


@pytest.fixture(scope="session")
def recognizer() -> Iterator[Recognizer]:
    """The recognizer of ``models/chain_ivector``."""
    with load_recognizer(MODEL) as found:
        yield found
