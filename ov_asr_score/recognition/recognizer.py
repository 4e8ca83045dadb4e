"""A model directory, loaded once, for any number of sessions and recordings."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING

from ov_asr_score.decoding.endpointing import silence_transitions
from ov_asr_score.decoding.graph_checks import check_width
from ov_asr_score.decoding.hypotheses import HypothesisMaker, HypothesisOptions
from ov_asr_score.decoding.token_passing.utterance_search import UtteranceSearch, make_ready
from ov_asr_score.decoding.words.word_model import WordModel, open_word_model
from ov_asr_score.errors import (
    SessionEndedError,
    ShapeMismatchError,
    SoundFormatError,
    UnsupportedModelError,
    UsageError,
)
from ov_asr_score.frontend.frontend import Frontend
from ov_asr_score.frontend.live_state import FrontendState
from ov_asr_score.frontend.opening import open_sound_frontend
from ov_asr_score.model_directory.model_directory import ModelDirectory
from ov_asr_score.model_directory.part_checks import check_frontend, check_words
from ov_asr_score.model_directory.reading import read_model_directory
from ov_asr_score.recognition.engine import Engine
from ov_asr_score.recognition.live_session import LiveSession
from ov_asr_score.recognition.live_stream import LiveStream
from ov_asr_score.recognition.searched_stream import SearchedStream
from ov_asr_score.recognition.session_clock import SessionClock
from ov_asr_score.recognition.session_graphs import Boosts, SessionGraphs, phrase_options
from ov_asr_score.recognition.session_options import Confidence, SessionOptions, check_state
from ov_asr_score.recognition.stream_parts import StreamParts
from ov_asr_score.recognition.whole_recordings import RecordingWords, for_whole_recordings, recognize_recording
from ov_asr_score.scoring.looped.compiling import compile_looped
from ov_asr_score.scoring.looped.looped_model import LoopedModel
from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.words.decoding import LATTICE_BEAM
from ov_asr_score.text import printable_name

if TYPE_CHECKING:  # few sessions have phrases, and none reads files
    from ov_asr_score.audio.recordings import Recording
    from ov_asr_score.decoding.phrases.phrase_options import PhraseOptions

LOW_LATENCY_FRAMES = 9
"""Frames of a step of the network where words are to come soon."""


def load_recognizer(
    directory: str | PathLike[str] | ModelDirectory,
    *,
    device: DeviceSettings | str | None = None,
    resample: bool = False,
    low_latency: bool = False,
) -> Recognizer:
    """The recognizer of a model directory: graph, front end and network, read once, ready for the first session.

    ``device`` is a name such as CPU, or all settings of one. With ``resample`` sound of any rate is taken, else that of
    the features, unless their options allow others.
    ``low_latency`` makes ready for sessions with it. Raises what reading the directory and its files raises,
    UnsupportedModelError for a model that is computed of whole utterances only, MissingExtraError.
    """
    found = directory if isinstance(directory, ModelDirectory) else read_model_directory(str(directory), checks=False)
    recognizer = Recognizer(_resampling(found) if resample else found, _settings_of(device))
    graph = recognizer.graphs.graph().graph
    with ThreadPoolExecutor(1) as pool:  # the compiled search is loaded while the network is compiled
        search = pool.submit(make_ready, graph)
        recognizer.engine(low_latency=low_latency)
        search.result()
    return recognizer


def _settings_of(device: DeviceSettings | str | None) -> DeviceSettings | None:
    if device is None or isinstance(device, DeviceSettings):
        return device
    if isinstance(device, str):
        return DeviceSettings(device)
    raise UsageError(f"device: expected the name of a device such as CPU, found {device!r}", fields=("device",))


def _resampling(directory: ModelDirectory) -> ModelDirectory:
    """The directory, whose front end takes sound of any rate."""
    sound = replace(directory.frontend.sound, allow_downsample=True, allow_upsample=True)
    return replace(directory, frontend=replace(directory.frontend, sound=sound))


class Recognizer:
    """Everything that sound becomes words with, for sessions in any number of threads.

    ``notes`` are what a user should know of the model. ``close`` ends the threads; so does the end of the program.
    """

    def __init__(self, directory: ModelDirectory, device: DeviceSettings | None = None) -> None:
        """Read the graph and the front end. Raises what `load_recognizer` raises."""
        if directory.program == "ctc":
            raise UnsupportedModelError(
                f"{directory.folder}: a CTC model scores whole utterances, and sessions take a network of Kaldi, which "
                "goes on from piece to piece; transcribe takes whole files"
            )
        self.directory = directory
        self.frontend: Frontend = open_sound_frontend(directory.frontend)
        check_frontend(directory, self.frontend)
        self.words: WordModel = open_word_model(directory.words.graph, directory.words.search, directory.model)
        of_words = check_words(directory, self.words)
        self._whole_frontend = for_whole_recordings(self.frontend)
        self.graphs = SessionGraphs(self.words)
        self._device = device
        self._lock = threading.Lock()
        self._engines: dict[int, Engine] = {}
        self._clock = SessionClock()
        self._num_sessions = 0
        self._is_closed = False
        transitions = self.words.transitions
        self._is_silence = silence_transitions(transitions, directory.endpoints.silence_phones)
        self._is_unweighted = silence_transitions(transitions, directory.silence_weighting.silence_phones)
        notes = (*directory.notes, *self.frontend.notes, *self.words.notes, *of_words, *_notes(directory))
        self.notes = tuple(dict.fromkeys(notes))  # a directory that was checked has some of them

    @property
    def sample_rate(self) -> int:
        """Samples per second of the sound that the features are made for."""
        return int(self.frontend.sample_rate or 16000)

    @property
    def row_seconds(self) -> float:
        """Time from one row of scores to the next."""
        return (self.frontend.frame_shift_seconds or 0.01) * self.directory.looped.frame_subsampling_factor

    def session(
        self,
        rate: int = 16000,
        *,
        key: str = "",
        state: FrontendState | None = None,
        words: bool = False,
        partial_words: bool = False,
        alternatives: int = 1,
        confidence: Confidence = "none",
        endpoints: bool = True,
        low_latency: bool = False,
        float_full_scale: float = 1.0,
        idle_seconds: float | None = None,
        max_seconds: float | None = None,
        phrases: Sequence[str] | PhraseOptions | None = None,
        boost: Boosts | None = None,
    ) -> LiveSession:
        """A session for sound of ``rate`` samples a second; `SessionOptions` explains the options.

        ``state`` is what the speaker's session before gave, None for a new speaker. ``low_latency``: the network goes
        in smaller steps, so that words come sooner; they may be others. ``phrases``: nothing else is recognized, one of
        them in an utterance (`PhraseOptions` can ask for more); ``boost`` lowers costs of words or phrases by numbers.
        What of them cannot be said is in the session's ``warnings``. Raises UsageError, SoundFormatError (a rate
        that the front end does not take), what a state of another model raises, and MissingExtraError.
        """
        options = SessionOptions(
            words, partial_words, alternatives, confidence, endpoints, float_full_scale, idle_seconds, max_seconds
        )
        with self._lock:
            self._check_open()
            self._num_sessions += 1
            name = key or f"session-{self._num_sessions}"
        check_state(state)
        parts = self.parts(options, phrase_options(phrases, boost), low_latency=low_latency)
        with self._advice_about_rates(rate):
            session = LiveSession(
                lambda begin: LiveStream(parts, rate, name, begin), rate, name, options, state, warnings=parts.warnings
            )
        if idle_seconds is not None:
            self._clock.watch(session)
        return session

    def recognize(
        self,
        recording: Recording,
        *,
        state: FrontendState | None = None,
        words: bool = False,
        alternatives: int = 1,
        confidence: Confidence = "none",
        segment: bool = False,
        phrases: Sequence[str] | PhraseOptions | None = None,
        boost: Boosts | None = None,
    ) -> RecordingWords:
        """The words of a whole recording, whose i-vector knows all of it: Kaldi's ``--online=false``.

        With ``segment`` it is cut where endpoints are; the others are those of `session`. Silence counts in the
        i-vector as all other sound does. Raises UsageError, and what is wrong with the sound.
        """
        options = SessionOptions(words=words, alternatives=alternatives, confidence=confidence, endpoints=segment)
        check_state(state)
        return recognize_recording(self.parts(options, phrase_options(phrases, boost), is_whole=True), recording, state)

    def stream(
        self,
        rate: int,
        key: str,
        options: SessionOptions | None = None,
        *,
        state: FrontendState | None = None,
        phrases: Sequence[str] | PhraseOptions | None = None,
        boost: Boosts | None = None,
        low_latency: bool = False,
    ) -> SearchedStream:
        """The search in sound of ``rate`` samples a second, for callers that end utterances themselves."""
        wanted = options or SessionOptions()
        parts = self.parts(wanted, phrase_options(phrases, boost), low_latency=low_latency)
        return SearchedStream(parts, rate, key, state)

    def engine(self, *, low_latency: bool = False) -> Engine:
        """What scores the chunks of all sessions, compiled when it is first asked for."""
        looped = self.directory.looped
        frames = LOW_LATENCY_FRAMES if low_latency else looped.frames_per_chunk
        with self._lock:
            self._check_open()
            if frames not in self._engines:
                options = replace(looped, frames_per_chunk=frames)
                model = compile_looped(self.directory.model, self._device, self.directory.kaldi, options)
                self._check_network(model)
                self._engines[frames] = Engine(model)
            return self._engines[frames]

    def hypothesis_maker(self, options: SessionOptions) -> HypothesisMaker:
        """What makes words of a search that is over."""
        search = self.directory.words.search
        wanted = HypothesisOptions(
            acoustic_scale=self.words.acoustic_scale,
            times=options.words or options.confidence != "none",
            nbest=options.alternatives,
            confidence=options.confidence,
            lattice_beam=LATTICE_BEAM if search.lattice_beam is None else search.lattice_beam,
            word_insertion_penalty=search.word_insertion_penalty,
        )
        return HypothesisMaker(self.words.transitions, self.words.source, wanted)

    def parts(
        self,
        options: SessionOptions,
        phrases: PhraseOptions | None = None,
        *,
        low_latency: bool = False,
        is_whole: bool = False,
    ) -> StreamParts:
        """What streams are made of; of whole recordings with the front end that knows all of them."""
        directory, made = self.directory, self.graphs.graph(phrases)
        # as in Kaldi's online decoding, an utterance ends wherever its sound does
        search = replace(directory.words.search, decoding_scale=self.words.acoustic_scale, allow_partial=True)
        return StreamParts(
            frontend=self._whole_frontend if is_whole else self.frontend,
            engine=self.engine(low_latency=low_latency),
            begin_search=lambda: UtteranceSearch(made.graph, search, options.needs_lattices),
            maker=self.hypothesis_maker(options),
            symbols=made.symbols,
            endpoints=directory.endpoints if options.endpoints else None,
            is_silence=self._is_silence,
            silence_weighting=None if is_whole else directory.silence_weighting,
            is_unweighted=self._is_unweighted,
            subsampling=directory.looped.frame_subsampling_factor,
            row_seconds=self.row_seconds,
            partial_times=options.partial_words,
            warnings=made.warnings,
        )

    def close(self) -> None:
        """End the threads; sessions that are open fail when they are used next."""
        with self._lock:
            self._is_closed = True
            engines = list(self._engines.values())
            self._engines.clear()
        self._clock.close()
        for engine in engines:
            engine.close()

    def __enter__(self) -> Recognizer:
        """The recognizer itself, which is closed at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    @contextmanager
    def _advice_about_rates(self, rate: int) -> Iterator[None]:
        """Say of a rate that the front end does not take how it can be taken here."""
        try:
            yield
        except SoundFormatError as error:
            if rate == self.sample_rate:
                raise
            advice = "load_recognizer(DIR, resample=True) takes all rates"
            raise SoundFormatError(
                f"rate {rate}: expected sound of {self.sample_rate} Hz, as the model takes; {advice}",
                fields=error.fields,
            ) from error

    def _check_network(self, model: LoopedModel) -> None:
        """Raise ShapeMismatchError where the network does not belong to the front end, or to the graph."""
        recipe, name = self.frontend.ivectors, printable_name(self.directory.model)
        found = None if recipe is None else recipe.extractor.ivector_dim
        if found != model.ivector_dim and model.ivector_dim is not None:
            raise ShapeMismatchError(
                f"{name}: expected i-vectors of {model.ivector_dim} values, found "
                + ("no extractor" if recipe is None else f"{found} of {recipe.extractor.source}")
            )
        check_width(self.words.transitions, model.num_pdfs, name)

    def _check_open(self) -> None:
        if self._is_closed:
            raise SessionEndedError(f"{self.directory.folder}: the recognizer was closed")


def _notes(directory: ModelDirectory) -> list[str]:
    if directory.endpoints.silence_phones:
        return []
    return ["no silence phones are known: utterances end by their length alone (endpoint rule 5)"]
