"""The recognizer of vosk: sound in, JSON out.

Source: vosk-api, src/recognizer.cc and python/vosk/__init__.py.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from enum import Enum, auto
from math import inf
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.search import PARTIAL
from ov_asr_score.errors import SoundFormatError, UsageError
from ov_asr_score.settings.recognition.endpointing import EndpointOptions
from ov_asr_score.vosk.endpointer import EndpointerMode, with_delays, with_mode
from ov_asr_score.vosk.grammar_json import parse_grammar
from ov_asr_score.vosk.messages import MessageMaker, MessageOptions, StreamClock, empty_message
from ov_asr_score.vosk.refused import refuse_speakers
from ov_asr_score.vosk.subtitles import subtitles
from ov_asr_score.vosk.utterance_stream import Samples, SilentStream, UtteranceStream

logger = logging.getLogger(__name__)

_STEP_SECONDS = 0.2
_MOST_ROWS = 20000
"""After so many rows of scores vosk forgets the speaker: features begin anew with the next utterance."""


class _State(Enum):
    INITIALIZED = auto()
    RUNNING = auto()
    ENDPOINT = auto()
    FINALIZED = auto()


class RecognizerModel(Protocol):
    """What a recognizer needs of a model."""

    @property
    def messages(self) -> MessageMaker:
        """What writes the model's messages."""
        ...

    @property
    def endpoints(self) -> EndpointOptions:
        """The rules that end utterances."""
        ...

    @property
    def row_seconds(self) -> float:
        """The duration of a row of scores."""
        ...

    def open_stream(self, rate: int, phrases: tuple[str, ...]) -> UtteranceStream:
        """A stream of ``rate`` samples a second in which only ``phrases`` are recognized, or everything if none."""
        ...


class Readable(Protocol):
    """A binary file, or a pipe."""

    def read(self, count: int, /) -> bytes:
        """Up to ``count`` bytes; none at the end."""
        ...


class KaldiRecognizer:
    """Recognizes a stream of sound: ``KaldiRecognizer(model, rate[, grammar])``, the grammar as JSON array of phrases.

    Methods, their answers and the times in them are those of vosk. Recognizers of one model share its memory and its
    requests; each is for one thread at a time.
    """

    def __init__(self, model: RecognizerModel, rate: float, grammar: str | object = None) -> None:
        """Begin a stream of ``rate`` samples a second.

        Raises UsageError (no such rate, grammar or speaker model), TypeError for what is no model. A rate that the
        model does not take is told when there is sound, as vosk does.
        """
        is_number = isinstance(rate, (int, float, np.number)) and not isinstance(rate, bool)
        if not is_number or not 1 <= rate < inf or rate != int(rate):
            raise UsageError(f"rate {rate!r}: expected whole samples per second, 1 or more")
        if not hasattr(model, "open_stream"):
            raise TypeError(f"expected a Model, found {type(model).__name__}")
        if grammar is not None and not isinstance(grammar, str):
            refuse_speakers(grammar)
        self._model, self._rate = model, int(rate)
        self._phrases = parse_grammar(grammar) if isinstance(grammar, str) else ()
        self._options, self._has_partial_words = MessageOptions(), False
        self._endpoints = model.endpoints
        self._first_byte = b""  # of a sample whose second byte has not come
        self._state = _State.INITIALIZED
        self._samples_before = self._samples = self._rows_before = 0
        self._refusal: SoundFormatError | None = None
        self._stream: UtteranceStream = self._opened()

    def SetWords(self, enable_words: object) -> None:
        """Have words with times and confidences in results, or not."""
        self._options = replace(self._options, words=bool(enable_words))

    def SetPartialWords(self, enable_partial_words: object) -> None:
        """Have words with times in partial results, or not."""
        self._has_partial_words = bool(enable_partial_words)

    def SetMaxAlternatives(self, max_alternatives: int) -> None:
        """Have so many alternatives in results; 0 for one text with confidences of its words."""
        self._options = replace(self._options, max_alternatives=max(0, int(max_alternatives)))

    def SetNLSML(self, enable_nlsml: object) -> None:
        """Have alternatives in the XML of IVR systems, or not."""
        self._options = replace(self._options, nlsml=bool(enable_nlsml))

    def SetEndpointerMode(self, mode: EndpointerMode) -> None:
        """Wait shorter or longer for the next word."""
        self._endpoints = with_mode(self._model.endpoints, EndpointerMode(mode))

    def SetEndpointerDelays(self, t_start_max: float, t_end: float, t_max: float) -> None:
        """End an utterance after so many seconds of silence without and after words, and at that length."""
        self._endpoints = with_delays(self._model.endpoints, t_start_max, t_end, t_max)

    def SetSpkModel(self, spk_model: object) -> None:
        """Raise UnsupportedModelError: speakers are not told apart."""
        refuse_speakers(spk_model)

    def SetGrammar(self, grammar: str) -> None:
        """Recognize these phrases only, from here on; all words for ``[]``.

        Raises UsageError in the middle of an utterance, where vosk ends the process: ask for the result before.
        """
        if self._state is _State.RUNNING:
            raise UsageError(
                "SetGrammar: expected an utterance that has ended; call Result, FinalResult or Reset before"
            )
        self._phrases = parse_grammar(grammar)
        self._begin_stream()
        self._state = _State.INITIALIZED

    def AcceptWaveform(self, data: bytes | bytearray | memoryview | NDArray[np.int16]) -> int:
        """1 if an utterance has ended, which Result tells, else 0. ``data`` are samples of 16 bits, little-endian.

        A sample whose second byte has not come yet waits for it. Raises TypeError for anything else,
        SoundFormatError for a rate that the model does not take.
        """
        if self._refusal is not None:
            raise self._refusal
        samples = self._samples_of(data)
        if self._state not in (_State.INITIALIZED, _State.RUNNING):
            self._begin_utterance()
        self._state = _State.RUNNING
        step = int(self._rate * _STEP_SECONDS)
        for first in range(0, len(samples), max(step, 1)):
            self._stream.accept(samples[first : first + step])
        self._samples += len(samples)
        return int(self._stream.is_endpoint(self._endpoints))

    def Result(self) -> str:
        """What was said since the last result, as JSON; the utterance ends here."""
        if self._state is not _State.RUNNING:
            return empty_message(self._options)
        self._state = _State.ENDPOINT
        return self._end_utterance()

    def PartialResult(self) -> str:
        """What was said since the last result, which may change, as JSON."""
        if self._state is not _State.RUNNING:
            return empty_message(self._options)
        path = self._stream.best_path() if self._stream.num_rows else None
        if self._has_partial_words:
            so_far = None if path is None else self._stream.lattice_so_far()
            return self._model.messages.partial_words(path, so_far, self._clock())
        return self._model.messages.partial(path)

    def FinalResult(self) -> str:
        """The same as Result, with all that was accepted; what follows is another stream and another speaker."""
        if self._state is not _State.RUNNING:
            return empty_message(self._options)
        self._first_byte = b""
        self._stream.finish_sound()
        self._state = _State.FINALIZED
        message = self._end_utterance()
        self._stream.close()
        return message

    def Reset(self) -> None:
        """Forget what was said since the last result."""
        if self._state is _State.RUNNING:
            self._drop_utterance()
        if self._state is not _State.FINALIZED:
            self._state = _State.ENDPOINT

    def SrtResult(self, stream: Readable, words_per_line: int = 7) -> str:
        """Subtitles of raw samples of a binary file, SRT; words must be asked for before (SetWords)."""
        results = []
        while data := stream.read(4000):
            if self.AcceptWaveform(data):
                results.append(self.Result())
        return subtitles([*results, self.FinalResult()], words_per_line)

    def _samples_of(self, data: bytes | bytearray | memoryview | NDArray[np.int16]) -> Samples:
        if isinstance(data, np.ndarray):
            if data.dtype.newbyteorder("=") != np.int16 or data.ndim != 1:
                found = f"an array of {data.dtype} and shape {data.shape}"
                raise TypeError(f"expected samples of 16 bits of one channel, found {found}")
            data = data.astype("<i2").tobytes()
        elif not isinstance(data, (bytes, bytearray, memoryview)):
            found = "a text" if isinstance(data, str) else type(data).__name__
            raise TypeError(f"expected samples of 16 bits as bytes, found {found}")
        joined = self._first_byte + bytes(data)
        whole = len(joined) // 2 * 2
        self._first_byte = joined[whole:]
        return np.frombuffer(joined[:whole], "<i2").astype(np.float32)

    def _clock(self) -> StreamClock:
        return StreamClock(self._rate, self._model.row_seconds, self._samples_before, self._rows_before)

    def _end_utterance(self) -> str:
        decoded = self._stream.end_utterance()
        for warning in decoded.warnings:
            logger.log(logging.DEBUG if warning == PARTIAL else logging.WARNING, "%s: %s", decoded.key, warning)
        message = self._model.messages.final(decoded, self._options, self._clock())
        self._rows_before += decoded.num_frames
        return message

    def _drop_utterance(self) -> None:
        self._rows_before += self._stream.num_rows
        self._stream.drop_utterance()

    def _begin_utterance(self) -> None:
        if self._state is _State.FINALIZED or self._rows_before > _MOST_ROWS:
            self._begin_stream()

    def _begin_stream(self) -> None:
        self._samples_before += self._samples
        self._samples = self._rows_before = 0
        self._first_byte = b""
        self._stream.close()
        self._stream = self._opened()

    def _opened(self) -> UtteranceStream:
        self._refusal = None
        try:
            return self._model.open_stream(self._rate, self._phrases)
        except SoundFormatError as error:
            self._refusal = error
            return SilentStream()
