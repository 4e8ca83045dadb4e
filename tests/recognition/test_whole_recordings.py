"""Whole recordings against ``--online=false``, of any length."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.audio.recordings import Recording
from ov_asr_score.errors import SoundFormatError
from ov_asr_score.recognition import whole_recordings
from ov_asr_score.recognition.recognizer import Recognizer
from ov_asr_score.recognition.results import Final
from tests.recognition.places import KEYS, RATE, differs, kaldi_paths, path_of, samples_of


def recording_of(key: str, repeated: int = 1, piece: int = 5000) -> Recording:
    """An utterance, or the same several times in a row."""

    def read() -> Iterator[NDArray[np.float32]]:
        samples = samples_of(key).astype(np.float32)
        for _ in range(repeated):
            for first in range(0, len(samples), piece):
                yield samples[first : first + piece]

    return Recording(key, "", RATE, None, 0, read)


def test_best_paths_are_those_of_kaldi(recognizer: Recognizer) -> None:
    expected, compared = kaldi_paths("offline-utt"), {}
    for key in KEYS:
        found = recognizer.recognize(recording_of(key))
        (segment,) = found.segments
        assert segment.utterance == key
        assert found.seconds == len(samples_of(key)) / RATE
        assert set(found.stage_seconds) == {"features", "scores", "search"}
        compared[key] = differs(path_of(Final(segment)), expected[key])
    assert compared == dict.fromkeys(KEYS, "")


def test_speakers_carry_their_state_on(recognizer: Recognizer) -> None:
    expected, state, compared = kaldi_paths("offline-spk"), None, []
    for key in ("es_Annie-t0002", "es_Annie-t0024"):
        found = recognizer.recognize(recording_of(key), state=state)
        state = found.state
        compared.append(differs(path_of(Final(found.segments[0])), expected[key]))
    assert compared == ["", ""]


def test_pieces_and_files_change_nothing(recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = recognizer.recognize(recording_of("es_Gene-t0010"), words=True)
    monkeypatch.setattr(whole_recordings, "_IN_MEMORY", 1000)
    monkeypatch.setattr(whole_recordings, "_PIECE_FRAMES", 7)
    in_file = recognizer.recognize(recording_of("es_Gene-t0010", piece=123), words=True)
    assert [each.alternatives[0].words for each in in_file.segments] == [
        each.alternatives[0].words for each in whole.segments
    ]
    assert path_of(Final(in_file.segments[0])).acoustic_cost == pytest.approx(
        path_of(Final(whole.segments[0])).acoustic_cost, abs=1e-3
    )


def test_segments_end_at_endpoints(recognizer: Recognizer) -> None:
    whole = recognizer.recognize(recording_of("pauses"))
    assert len(whole.segments) == 1
    found = recognizer.recognize(recording_of("pauses"), words=True, segment=True)
    assert [each.utterance for each in found.segments] == ["pauses-0", "pauses-1", "pauses-2", "pauses-3"]
    starts, ends = [each.start for each in found.segments], [each.end for each in found.segments]
    assert starts[0] == 0 and starts[1:] == ends[:-1]
    assert ends[-1] == pytest.approx(found.seconds, abs=0.05)
    words = [word for each in found.segments for word in each.alternatives[0].words]
    assert all(word.start is not None and word.end is not None and word.start < word.end for word in words)
    assert [word.start for word in words] == sorted(word.start or 0.0 for word in words)


def test_sound_without_a_frame(recognizer: Recognizer) -> None:
    (segment,) = recognizer.recognize(
        Recording("tiny", "", RATE, 100, 0, lambda: iter([np.zeros(100, np.float32)]))
    ).segments
    assert segment.alternatives == () and segment.warnings == ("no frames",)


def test_what_is_wrong_with_the_sound_is_said(recognizer: Recognizer) -> None:
    bad = np.array([0.0, np.nan], np.float32)
    with pytest.raises(SoundFormatError, match=r"^utterance 'bad': sample 1: expected numbers"):
        recognizer.recognize(Recording("bad", "", RATE, 2, 0, lambda: iter([bad])))


def test_features_of_long_recordings_are_not_in_memory(recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole_recordings, "_IN_MEMORY", 1 << 16)
    recognizer.recognize(recording_of("es_Gene-t0010", 2))  # what is made once
    peaks = []
    for repeated in (40, 80):
        tracemalloc.start()
        found = recognizer.recognize(recording_of("es_Gene-t0010", repeated))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    features = found.seconds * 100 * 40 * 4  # bytes
    assert peaks[1] - peaks[0] < features / 2
