"""What decides about endpoints, after each piece of a recording with pauses, beside Kaldi.

The words of the same pieces are compared in test_live_stream.py.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from ov_asr_score.recognition.recognizer import Recognizer
from ov_asr_score.recognition.searched_stream import SearchedStream
from ov_asr_score.recognition.session_options import SessionOptions
from tests.recognition.places import RATE, pieces_of
from tests.recognition.test_live_stream import lines_of, with_options


@pytest.mark.parametrize(
    ("options", "chunk_seconds"), [("rules", "0.18"), ("rules", "1.0"), ("short-rules", "0.18"), ("weighted", "0.18")]
)
def test_rows_silence_and_costs_after_each_piece(recognizer: Recognizer, options: str, chunk_seconds: str) -> None:
    trace = lines_of("traces.txt", options, chunk_seconds)
    pieces = pieces_of("pauses", round(float(chunk_seconds) * RATE))[: len(trace)]
    costs = []
    with with_options(recognizer, options) as other:
        parts = other.parts(SessionOptions())
        stream = SearchedStream(parts, RATE, "pauses")
        for piece, (_, _, _, rows, silence, cost, endpoint, *_) in zip(pieces, trace, strict=True):
            stream.accept(piece.astype(np.float32))
            search = stream.search
            assert stream.first_row + search.num_frames == int(rows)
            assert search.trailing_silence(parts.is_silence) == int(silence)
            # i-vectors are as near to Kaldi's as those of its other kernels
            assert search.relative_cost() == pytest.approx(float(cost), abs=5e-3)
            costs.append(search.relative_cost())
            assert (stream.endpoint() is not None) == (endpoint == "1")
            if endpoint == "1":
                stream.end_utterance()
    assert len({round(each, 3) for each in costs if math.isfinite(each)}) > len(costs) // 4
