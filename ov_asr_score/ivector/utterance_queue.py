"""Utterances that are read ahead, by speaker, and results in the order of the input."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import OvAsrScoreError, ShapeMismatchError, TableFormatError
from ov_asr_score.finite import nonfinite_text
from ov_asr_score.ivector.adaptation_state import AdaptationState, check_state, first_state
from ov_asr_score.ivector.extractor import Extractor
from ov_asr_score.ivector.gaussian_frames import Frames
from ov_asr_score.text import shown_key

logger = logging.getLogger(__name__)

_PITCH_COLUMNS = 3
# Features and i-vectors of utterances that are read but not given back yet, in numbers.
_MOST_HELD = 16 << 20
_LEAST_HELD = 4096  # of an utterance, however short


@dataclass(frozen=True, slots=True, eq=False)
class IvectorUtterance:
    """Features [T, D] of an utterance; ``weights`` [T] of its frames, or None for 1.

    Utterances of one ``speaker`` that follow each other share their state; one without a speaker stands alone.
    """

    key: str
    features: Frames
    speaker: str = ""
    weights: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class UtteranceIvectors:
    """I-vectors float32 [N, D] of an utterance, and the state after it if it was asked for."""

    key: str
    ivectors: Frames
    speaker: str = ""
    state: AdaptationState | None = None


@dataclass(slots=True, eq=False)
class SpeakerRun:
    """Utterances of a speaker that follow each other, those that are read and wait, and the state before them."""

    speaker: str
    state: AdaptationState
    waiting: deque[tuple[int, IvectorUtterance]] = field(default_factory=deque)
    is_known: bool = False  # to be taken up, or in a lane


class UtteranceQueue:
    """Utterances that are read, in runs of one speaker, and results until those before them are there."""

    def __init__(
        self,
        extractor: Extractor,
        source: Iterator[IvectorUtterance],
        first_states: Callable[[str], AdaptationState | None] | None,
    ) -> None:
        """Read nothing yet."""
        self._extractor = extractor
        self._source = source
        self._first_states = first_states
        self._runs: deque[SpeakerRun] = deque()
        self._open: SpeakerRun | None = None  # the next utterance may belong to it
        self._sizes: dict[int, int] = {}  # by index, of what is held
        self._results: dict[int, tuple[str, UtteranceIvectors | OvAsrScoreError]] = {}
        self._read = self._given = self._held = 0
        self._ended = False
        self._error: BaseException | None = None
        self._warned = False

    def next_run(self) -> SpeakerRun | None:
        """A run that no lane has taken up, with an utterance; None if there is none, or too much is held already."""
        while not self._runs and not self._ended and (self._held < _MOST_HELD or not self._sizes):
            self._read_one()
        return self._runs.popleft() if self._runs else None

    def is_empty(self) -> bool:
        """Whether everything is read and taken up."""
        return self._ended and not self._runs

    def raise_error(self) -> None:
        """Raise what ended the input, if it was an error."""
        if self._error is not None:
            raise self._error

    def settle(self, index: int, key: str, result: UtteranceIvectors | OvAsrScoreError) -> None:
        """Take the result of an utterance."""
        self._results[index] = key, result

    def finished(self) -> Iterator[tuple[str, UtteranceIvectors | OvAsrScoreError]]:
        """Results for which all those before are there, in the order of the input."""
        while self._given in self._results:
            result = self._results.pop(self._given)
            self._held -= self._sizes.pop(self._given)
            self._given += 1
            yield result

    def _read_one(self) -> None:
        try:
            utterance = next(self._source)
        except StopIteration:
            self._ended = True
            return
        except Exception as error:  # what came before it is given back first
            self._ended, self._error = True, error
            return
        index = self._read
        self._read += 1
        self._sizes[index] = size = utterance.features.size + _LEAST_HELD
        self._held += size
        try:
            run = self._run_of(utterance.speaker)
            run.waiting.append((index, self._checked(utterance)))
        except OvAsrScoreError as error:
            self.settle(index, utterance.key, error)
            return
        if not run.is_known:
            run.is_known = True
            self._runs.append(run)

    def _run_of(self, speaker: str) -> SpeakerRun:
        if self._open is None or not speaker or self._open.speaker != speaker:
            state = self._first_states(speaker) if self._first_states is not None and speaker else None
            if state is not None:
                check_state(state, self._extractor, f"state of speaker {shown_key(speaker)}")
            self._open = SpeakerRun(speaker, state or first_state(self._extractor))
        return self._open

    def _checked(self, utterance: IvectorUtterance) -> IvectorUtterance:
        """The utterance as it is used. Raises the errors of ``extract_ivectors`` for one that cannot be."""
        features, dim = np.asarray(utterance.features, np.float32), self._extractor.feature_dim
        if features.ndim == 2 and features.shape[1] == dim + _PITCH_COLUMNS:
            if not self._warned:
                logger.warning(
                    "features have %d columns more than the extractor takes: taken for pitch, and left out",
                    _PITCH_COLUMNS,
                )
            self._warned = True
            features = features[:, :dim]
        check_features(features, self._extractor, f"utterance {shown_key(utterance.key)}")
        weights = utterance.weights
        if weights is not None:
            weights = _fitting_weights(weights, len(features), self._extractor.options.length_tolerance, utterance.key)
        return IvectorUtterance(utterance.key, np.ascontiguousarray(features), utterance.speaker, weights)


def check_features(features: Frames, extractor: Extractor, source: str) -> None:
    """Raise ShapeMismatchError (width) or TableFormatError (no frames, NaN); ``source`` begins the message."""
    if features.ndim != 2 or (len(features) and features.shape[1] != extractor.feature_dim):
        found = str(features.shape[1]) if features.ndim == 2 else "a vector"
        wanted = f"features of {extractor.feature_dim} columns, as {extractor.source} takes"
        raise ShapeMismatchError(f"{source}: expected {wanted}, found {found}")
    if not len(features):
        raise TableFormatError(f"{source}: expected a frame or more, found none; it is too short")
    if text := nonfinite_text(features):
        raise TableFormatError(f"{source}: expected features that are finite, found {text}")


def _fitting_weights(weights: NDArray[np.float32], num_frames: int, tolerance: int, key: str) -> NDArray[np.float32]:
    """Weights [T]: too many are cut, and missing ones are 0."""
    source = f"utterance {shown_key(key)}"
    weights = np.asarray(weights, np.float32)
    if weights.ndim != 1 or abs(len(weights) - num_frames) > tolerance:
        raise ShapeMismatchError(
            f"{source}: expected {num_frames} weights of frames, found {len(weights)}; length_tolerance {tolerance}",
            fields=("length_tolerance",),
        )
    if text := nonfinite_text(weights):
        raise TableFormatError(f"{source}: expected weights that are finite, found {text}")
    return np.concatenate((weights[:num_frames], np.zeros(max(num_frames - len(weights), 0), np.float32)))
