"""Whole recordings to words, as Kaldi's online2-wav-nnet3-latgen-faster has it with ``--online=false``.

All frames get the i-vector that knows the whole recording. So sound is read once for features and i-vector, and the
features once more for network and search; in between they lie in a temporary file, unless they are short. Memory does
not grow with the recording, but for the path of the search.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import ShapeMismatchError, TableFormatError, UsageError
from ov_asr_score.frontend.frontend import Frontend
from ov_asr_score.frontend.live import LiveFrontend, ReadyFrames
from ov_asr_score.frontend.live_state import FrontendState
from ov_asr_score.recognition.results import Final
from ov_asr_score.recognition.stream_parts import StreamParts
from ov_asr_score.scoring.looped.utterance import LoopedRequest, LoopedUtterance
from ov_asr_score.transcript.transcript import Segment

if TYPE_CHECKING:  # sessions read no files
    from ov_asr_score.audio.recordings import Recording

FloatMatrix = NDArray[np.float32]

_IN_MEMORY = 16 << 20  # bytes of features that need no file
_PIECE_SECONDS = 2.0  # of sound
_PIECE_FRAMES = 1000
_MOST_CHUNKS = 16  # steps of the network in a request


@dataclass(frozen=True, slots=True, eq=False)
class RecordingWords:
    """What was said in a recording: one segment, or one for each utterance that an endpoint ends.

    ``state`` is what the next recording of the speaker begins with, ``seconds`` the length of the sound.
    """

    segments: tuple[Segment, ...]
    state: FrontendState
    seconds: float
    stage_seconds: dict[str, float] = field(default_factory=dict)  # time spent on features, scores and search


def for_whole_recordings(frontend: Frontend) -> Frontend:
    """The front end with i-vectors that know the whole recording.

    Source: online2-wav-nnet3-latgen-faster.cc, ``--online``.
    """
    if frontend.ivectors is None:
        return frontend
    extractor = frontend.ivectors.extractor
    options = replace(extractor.options, use_most_recent_ivector=True, greedy_ivector_extractor=True)
    return replace(frontend, ivectors=replace(frontend.ivectors, extractor=replace(extractor, options=options)))


def recognize_recording(parts: StreamParts, recording: Recording, state: FrontendState | None = None) -> RecordingWords:
    """The words of a recording, of ``parts`` whose front end is ``for_whole_recordings``.

    With endpoints in ``parts`` the rules are looked at after every step of the network, and each utterance is a
    segment. Raises UsageError for what is no recording, what is wrong with the sound
    (audio.recordings.SKIPPED_ERRORS), and what the network raises.
    """
    if not hasattr(recording, "pieces"):
        found, reader = type(recording).__name__, "ov_asr_score.audio.recordings.read_recordings"
        raise UsageError(f"recording: expected one of those that {reader}(FILE) gives, found {found}")
    clock = _Clock()
    with SpooledTemporaryFile(_IN_MEMORY) as file:
        with clock.of("features"):
            stored = _store_features(parts, recording, state, file)
        finals = list(_finals(parts, recording.key, stored, file, clock))
    segments = tuple(each.segment for each in finals)
    return RecordingWords(segments, stored.state, stored.seconds, clock.seconds)


@dataclass(frozen=True, slots=True, eq=False)
class _Stored:
    """Features of a recording in a file, and its i-vector, None if there is none."""

    num_frames: int
    dim: int
    ivector: NDArray[np.float32] | None
    state: FrontendState
    seconds: float


@dataclass(slots=True)
class _Clock:
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def of(self, stage: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - started


def _store_features(parts: StreamParts, recording: Recording, state: FrontendState | None, file: IO[bytes]) -> _Stored:
    live = LiveFrontend(parts.frontend, recording.rate, recording.key, recording.speaker, state=state)
    num_samples = 0
    most = max(1, int(_PIECE_SECONDS * recording.rate))
    for samples in recording.pieces():
        num_samples += len(samples)
        for first in range(0, len(samples), most):
            _write(live.accept(samples[first : first + most]), file)
    try:
        _write(live.finish(), file)
    except (TableFormatError, ShapeMismatchError):
        if live.num_rows:
            raise  # else: i-vectors, or steps, of no frame at all
    ivector = live.ivector() if parts.engine.model.ivector_dim is not None and live.num_rows else None
    return _Stored(live.num_rows, live.dim, ivector, live.state(), num_samples / recording.rate)


def _write(ready: ReadyFrames, file: IO[bytes]) -> None:
    if len(ready.features):
        file.write(np.ascontiguousarray(ready.features, np.float32).data)


def _finals(parts: StreamParts, key: str, stored: _Stored, file: IO[bytes], clock: _Clock) -> Iterator[Final]:
    """The utterances, one if there are no endpoints."""
    search, first_row, count = parts.begin_search(), 0, 0
    step = parts.engine.model.frames_per_chunk // parts.subsampling
    for scores in _scores(parts, stored, file, clock):
        for first in range(0, len(scores), len(scores) if parts.endpoints is None else step):
            with clock.of("search"):
                search.advance(scores[first : first + step] if parts.endpoints is not None else scores)
                rule = parts.endpoint(search)
                if rule is not None:
                    yield parts.final(search, f"{key}-{count}", first_row, rule)
            if rule is not None:
                count, first_row = count + 1, first_row + search.num_frames
                search = parts.begin_search()
    if search.num_frames or not count:
        with clock.of("search"):
            last = parts.final(search, key if parts.endpoints is None else f"{key}-{count}", first_row, None)
        yield last


def _scores(parts: StreamParts, stored: _Stored, file: IO[bytes], clock: _Clock) -> Iterator[FloatMatrix]:
    """Scores [t, pdfs] of the recording in its order; the next ones are computed while these are searched."""
    utterance = parts.engine.model.begin()
    pending: Future[FloatMatrix] | None = None
    for request in _requests(utterance, stored, file):
        with clock.of("scores"):
            if pending is None and utterance.is_done:
                found: FloatMatrix | None = parts.engine.score(request)  # there is nothing to search meanwhile
            else:
                found = None if pending is None else pending.result()
                pending = parts.engine.submit(request)
        if found is not None:
            yield found
    if pending is not None:
        with clock.of("scores"):
            scores = pending.result()
        yield scores


def _requests(utterance: LoopedUtterance, stored: _Stored, file: IO[bytes]) -> Iterator[LoopedRequest]:
    file.seek(0)
    for first in range(0, stored.num_frames, _PIECE_FRAMES):
        count = min(_PIECE_FRAMES, stored.num_frames - first)
        data = file.read(count * stored.dim * 4)
        utterance.accept(np.frombuffer(data, np.float32).reshape(count, stored.dim))
        if first + count == stored.num_frames:
            utterance.finish()
        while (request := utterance.next_chunk(_MOST_CHUNKS)) is not None:
            yield request if stored.ivector is None else request.with_ivector(stored.ivector)
