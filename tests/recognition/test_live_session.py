"""Sessions: pieces of any kind, limits, errors, speakers, many at a time."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from ov_asr_score.errors import OvAsrScoreError, SessionEndedError, SoundFormatError, UsageError
from ov_asr_score.frontend.live_state import FrontendState
from ov_asr_score.recognition.live_session import HALF_SAMPLE
from ov_asr_score.recognition.live_stream import LiveStream
from ov_asr_score.recognition.recognizer import Recognizer
from ov_asr_score.recognition.results import Final
from tests.recognition.places import KEYS, RATE, differs, kaldi_paths, path_of, pieces_of, samples_of

SHORT = "es_Annie-t0024"
BYTES = samples_of(SHORT).astype("<i2").tobytes()


def finals_of(recognizer: Recognizer, data: bytes, size: int) -> list[Final]:
    with recognizer.session(RATE, endpoints=False) as session:
        for first in range(0, len(data), size):
            session.accept(data[first : first + size])
        return session.finish()


@pytest.mark.parametrize("size", [1, 7])
def test_pieces_below_a_frame_are_those_of_single_samples(recognizer: Recognizer, size: int) -> None:
    """A step of the network gets the i-vector of the frame that completes it, however small the pieces are."""
    (final,) = finals_of(recognizer, BYTES, size)
    assert not differs(path_of(final), kaldi_paths("utt-sample")[SHORT])


@pytest.mark.parametrize("mode", [("utt-0.1", 3200), ("utt-0.18", 5760), ("utt-whole", 1 << 30)])
def test_bytes_are_samples(recognizer: Recognizer, mode: tuple[str, int]) -> None:
    name, size = mode
    session = recognizer.session(RATE, endpoints=False)
    pieces = [BYTES[first : first + size] for first in range(0, len(BYTES), size)]
    for piece in pieces[:-1]:
        session.accept(piece)
    (final,) = session.finish(pieces[-1])
    assert not differs(path_of(final), kaldi_paths(name)[SHORT])
    assert session.seconds == len(BYTES) / 2 / RATE


def test_end_within_a_sample_is_told(recognizer: Recognizer) -> None:
    (final,) = finals_of(recognizer, BYTES + b"\x00", 1 << 30)
    assert HALF_SAMPLE in final.segment.warnings
    assert final.text == " ".join(kaldi_paths("utt-whole")[SHORT].words)


def test_a_piece_that_is_no_sound_is_left_out(recognizer: Recognizer) -> None:
    session = recognizer.session(RATE, endpoints=False)
    *pieces, last = pieces_of(SHORT, 2880)
    for piece in pieces:
        session.accept(piece)
        with pytest.raises(SoundFormatError, match=r"^session 'session-\d+': expected samples from -1 to 1, found nan"):
            session.accept(np.array([0.0, np.nan]))
    assert session.is_open
    assert not differs(path_of(session.finish(last)[0]), kaldi_paths("utt-0.18")[SHORT])


def test_after_the_end_no_sound_is_taken(recognizer: Recognizer) -> None:
    session = recognizer.session(RATE, key="call")
    session.accept(BYTES)
    assert session.finish()
    for ended in (lambda: session.accept(BYTES), session.finish):
        with pytest.raises(SessionEndedError, match=r"^session 'call': expected no more sound, it was finished"):
            ended()
    session.close()
    with recognizer.session(RATE, key="call") as closed:
        closed.accept(BYTES)
        partial = closed.partial
    assert partial is not None
    assert closed.partial == partial
    with pytest.raises(SessionEndedError, match=r"^session 'call': expected no more sound, it was closed"):
        closed.accept(b"")


def test_an_error_ends_the_session(recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch) -> None:
    session = recognizer.session(RATE, key="call")

    def fail(*_: object) -> None:
        raise OvAsrScoreError("the device is gone")

    monkeypatch.setattr(LiveStream, "accept", fail)
    with pytest.raises(OvAsrScoreError, match=r"^the device is gone"):
        session.accept(BYTES)
    monkeypatch.undo()
    assert not session.is_open
    with pytest.raises(SessionEndedError, match=r"^session 'call': .* it failed before \(the device is gone\)"):
        session.accept(BYTES)
    with pytest.raises(SessionEndedError):
        session.restart()


def test_restart_is_the_next_utterance_of_the_speaker(recognizer: Recognizer) -> None:
    session = recognizer.session(RATE, endpoints=False)
    found = []
    for key in ("es_Annie-t0002", "es_Annie-t0024"):
        *pieces, last = pieces_of(key, 2880)
        for piece in pieces:
            session.accept(piece)
        found.append(differs(path_of(session.finish(last)[0]), kaldi_paths("spk-0.18")[key]))
        session.restart()
    assert found == ["", ""]
    assert session.is_open and session.seconds == 0


def test_states_of_other_models_are_refused(recognizer: Recognizer) -> None:
    state = recognizer.session(RATE).state()
    assert state.ivectors is not None
    other = FrontendState(
        None, replace(state.ivectors, cmvn=replace(state.ivectors.cmvn, global_stats=np.zeros((2, 14))))
    )
    with pytest.raises(OvAsrScoreError, match="expected"):
        recognizer.session(RATE, state=other)


def test_too_much_sound_ends_the_session(recognizer: Recognizer) -> None:
    limited = recognizer.session(RATE, endpoints=False, max_seconds=0.5)
    results = [each for piece in pieces_of(SHORT, 1600) if limited.is_open for each in limited.accept(piece)]
    final = results[-1]
    assert isinstance(final, Final)
    assert limited.seconds == 0.5
    assert "the session is over: it lasted for more than 0.5 s (max_seconds)" in final.segment.warnings
    assert path_of(final) == path_of(finals_of(recognizer, BYTES[:16000], 3200)[0])
    with pytest.raises(SessionEndedError, match=re.escape("it lasted for more than 0.5 s (max_seconds)")):
        limited.accept(BYTES)


def test_idle_sessions_end_themselves(recognizer: Recognizer) -> None:
    idle = recognizer.session(RATE, endpoints=False, idle_seconds=0.01, key="idle")
    other = recognizer.session(RATE, endpoints=False, idle_seconds=1000)
    for _ in range(1000):
        if not idle.is_open:
            break
        time.sleep(0.01)
    assert not idle.is_open and other.is_open
    assert idle.left_over == ()
    with pytest.raises(SessionEndedError, match=re.escape("nothing came for 0.01 s (idle_seconds)")):
        idle.accept(BYTES)


def test_what_was_open_when_a_session_ended_itself_is_kept(recognizer: Recognizer) -> None:
    session = recognizer.session(RATE, endpoints=False, idle_seconds=1000)
    session.accept(BYTES)
    deadline = session.deadline
    assert deadline is not None
    session.expire(deadline - 1)
    assert session.is_open
    session.expire(deadline)
    assert not session.is_open and session.deadline is None
    assert [each.text for each in session.left_over] == [" ".join(kaldi_paths("utt-whole")[SHORT].words)]


def test_many_sessions_at_a_time(recognizer: Recognizer) -> None:
    """Each is what it is alone, whatever shares its requests."""
    expected = kaldi_paths("utt-0.18")

    def recognize(key: str) -> str:
        session = recognizer.session(RATE, endpoints=False, key=key)
        *pieces, last = pieces_of(key, 2880)
        for piece in pieces:
            session.accept(piece)
        return differs(path_of(session.finish(last)[0]), expected[key])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(recognize, KEYS * 3)) == [""] * len(KEYS) * 3


def test_alternatives_and_confidences(recognizer: Recognizer) -> None:
    session = recognizer.session(RATE, endpoints=False, words=True, alternatives=3, confidence="mbr")
    session.accept(samples_of("es_Gene-t0010"))
    (final,) = session.finish()
    assert 1 < len(final.segment.alternatives) <= 3
    assert all(word.confidence is not None and 0 < word.confidence <= 1 for word in final.words)
    assert len({each.text for each in final.segment.alternatives}) == len(final.segment.alternatives)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"alternatives": 0}, "alternatives"),
        ({"idle_seconds": 0.0}, "idle_seconds"),
        ({"max_seconds": -1.0}, "max_seconds"),
        ({"float_full_scale": 0.0}, "float_full_scale"),
        ({"confidence": "high"}, "confidence"),
    ],
)
def test_options_that_cannot_be(recognizer: Recognizer, options: dict[str, object], field: str) -> None:
    with pytest.raises(UsageError, match=f"^{field}: expected") as error:
        recognizer.session(RATE, **options)  # type: ignore[arg-type]
    assert error.value.fields == (field,)


def test_other_rates_are_refused_unless_allowed(recognizer: Recognizer) -> None:
    with pytest.raises(SoundFormatError, match="expected sound of 16000 Hz"):
        recognizer.session(8000)
