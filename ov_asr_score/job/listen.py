"""Listen: words of sound while it comes, from a microphone or a stream, with captions that grow."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from types import FrameType
from typing import Protocol

from ov_asr_score.audio.microphone import open_microphone
from ov_asr_score.audio.sample_formats import FULL_SCALE, Samples
from ov_asr_score.audio.sound_queue import SoundQueue
from ov_asr_score.audio.sound_stream import SoundStream, open_sound_stream, open_stream_file
from ov_asr_score.decoding.phrases.phrase_files import phrase_files_read, read_phrase_options
from ov_asr_score.decoding.phrases.phrase_options import PhraseOptions
from ov_asr_score.errors import TableFormatError
from ov_asr_score.frontend.live_state import FrontendState
from ov_asr_score.job.outputs.caption_file import CaptionFile
from ov_asr_score.job.outputs.overwriting import NamedFiles, check_files
from ov_asr_score.kaldi_io import open_output
from ov_asr_score.kaldi_io.files.input import access_error
from ov_asr_score.kaldi_io.files.output import atomic_output
from ov_asr_score.model_directory.model_directory import ModelDirectory
from ov_asr_score.model_directory.reading import read_model_directory
from ov_asr_score.recognition.live_session import LiveSession
from ov_asr_score.recognition.recognizer import Recognizer, load_recognizer
from ov_asr_score.recognition.results import Final, Partial
from ov_asr_score.report.transcript_views import ViewOptions, encoded, view, view_of_file
from ov_asr_score.settings.recognition.endpointing import endpoint_options
from ov_asr_score.settings.recognition.listen_job import ListenJob, check_listening
from ov_asr_score.settings.recognition.silence_weighting import silence_weighting_options
from ov_asr_score.settings.words.captions import check_captions
from ov_asr_score.transcript.assembling import assemble_transcript
from ov_asr_score.transcript.transcript import Segment, Transcript

PIECE_SECONDS, SHORT_PIECE_SECONDS = 0.18, 0.06
"""How much sound a session gets at once: as Kaldi's online programs, and with low latency."""

_STOPPING_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Listener(Protocol):
    """Who is told what is heard."""

    def partial(self, text: str) -> None:
        """Words that may still change; they take the place of those before."""

    def final(self, segment: Segment) -> None:
        """Words that stay; never none."""

    def note(self, text: str) -> None:
        """What does not stop the listening."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a run heard; a signal ended it if it ``was_stopped``."""

    transcript: Transcript
    was_stopped: bool


def run_listening(job: ListenJob, listener: Listener) -> Heard:
    """What was heard until the sound ended, the limit was reached, or Ctrl-C or SIGTERM came.

    All files are complete when this returns. Where sound or output break off they hold what was final, and the error
    is raised after they were written. Raises OvAsrScoreError children, and what ``listener`` raises.
    """
    check_listening(job)
    check_captions(job.caption_options)
    view_name = (job.transcript_format or view_of_file(job.transcript)) if job.transcript else ""
    if view_name:
        view(Transcript(()), view_name)  # raises for a name that is none, before anybody speaks
    state = _read_state(job.state)
    phrases = read_phrase_options(job.phrases) if job.phrases.are_given else None
    with ExitStack() as stack:
        recognizer = stack.enter_context(
            load_recognizer(_directory(job), device=job.device, low_latency=job.low_latency)
        )
        check_files(_read_by(job, recognizer), _written_by(job))
        for note in recognizer.notes:
            listener.note(note)
        output = stack.enter_context(open_output(job.transcript)) if job.transcript else None
        stream = stack.enter_context(_opened(job, recognizer, listener))
        session = stack.enter_context(_session(job, recognizer, stream, state, phrases))
        for note in (*session.warnings, *_rate_notes(stream, recognizer.sample_rate)):
            listener.note(note)
        # an older file is overwritten only when there is sound
        captions = stack.enter_context(CaptionFile(job.captions, job.caption_options)) if job.captions else None
        ear = _Ear(session, listener, captions, _recording(job))
        with _stopping(stream.queue) as stops:
            error = ear.listen(_limited(stream, job.max_seconds))
        transcript = assemble_transcript(ear.segments, model=job.model, durations={ear.recording: session.seconds})
        if output is not None:
            output.write(encoded(view(transcript, view_name, ViewOptions(job.caption_options))))
            output.commit()
        if job.state and ear.is_finished:
            _write_state(job.state, session.state())
    if error is not None:
        raise error
    return Heard(transcript, bool(stops))


class _Ear:
    """Passes the results of a session on, and keeps what is final."""

    def __init__(self, session: LiveSession, listener: Listener, captions: CaptionFile | None, recording: str) -> None:
        self.recording = recording
        self.segments: list[Segment] = []
        self.is_finished = False
        self._session, self._listener, self._captions = session, listener, captions
        self._is_deaf = False

    def listen(self, pieces: Iterable[Samples]) -> Exception | None:
        """What ended the listening before the sound did; what was said before is final nevertheless."""
        error: Exception | None = None
        try:
            for piece in pieces:
                self._take(self._session.accept(piece))
        except Exception as failure:
            error = failure
            self._is_deaf = isinstance(failure, OSError)  # the reader of words is gone
        if self._session.is_open:
            try:
                self._take(self._session.finish())
            except Exception as failure:
                error = error or failure
        self.is_finished = not self._session.is_open
        return error

    def _take(self, results: Iterable[Partial | Final]) -> None:
        for result in results:
            if isinstance(result, Partial):
                self._listener.partial(result.text)
                continue
            name = f"{self.recording}-{len(self.segments) + 1:04}"
            segment = replace(result.segment, utterance=name, recording=self.recording)
            for warning in segment.warnings:
                self._listener.note(warning)
            if not segment.text:
                continue
            self.segments.append(segment)
            try:
                self._append_captions(segment)
            finally:
                if not self._is_deaf:
                    self._listener.final(segment)

    def _append_captions(self, segment: Segment) -> None:
        captions, self._captions = self._captions, None  # after an error nothing is written any more
        if captions is not None:
            captions.add(segment)
            self._captions = captions


def _directory(job: ListenJob) -> ModelDirectory:
    """The model directory, with what is asked for in place of its options; it takes sound of all rates."""
    found = read_model_directory(job.model, checks=False)  # the recognizer checks what it opens
    sound = replace(found.frontend.sound, allow_downsample=True, allow_upsample=True)
    return replace(
        found,
        frontend=replace(found.frontend, sound=sound),
        words=replace(found.words, search=job.search.over(found.words.search)),
        endpoints=endpoint_options(job.endpoints, found.endpoints),
        silence_weighting=silence_weighting_options(job.silence_weighting, found.silence_weighting),
    )


def _session(
    job: ListenJob,
    recognizer: Recognizer,
    stream: SoundStream,
    state: FrontendState | None,
    phrases: PhraseOptions | None,
) -> LiveSession:
    return recognizer.session(
        stream.rate,
        key=_recording(job),
        state=state,
        words=bool(job.words or job.captions or job.transcript),
        confidence="best-path" if job.words else "none",
        low_latency=job.low_latency,
        float_full_scale=FULL_SCALE,
        phrases=phrases,
    )


def _rate_notes(stream: SoundStream, model_rate: int) -> Iterator[str]:
    if stream.rate < model_rate:
        yield (
            f"{stream.name}: has {stream.rate} Hz and is resampled to the model's {model_rate} Hz, whose upper "
            "frequencies stay empty: words are less certain"
        )


def _opened(job: ListenJob, recognizer: Recognizer, listener: Listener) -> AbstractContextManager[SoundStream]:
    seconds = SHORT_PIECE_SECONDS if job.low_latency else PIECE_SECONDS
    if not job.source:
        return open_microphone(job.sound, model_rate=recognizer.sample_rate, piece_seconds=seconds, warn=listener.note)
    return _opened_file(job, recognizer.sample_rate, seconds, listener)


@contextmanager
def _opened_file(job: ListenJob, model_rate: int, seconds: float, listener: Listener) -> Iterator[SoundStream]:
    # not closed: a thread may still read it, and the end of the process closes it
    file = open_stream_file(job.source)
    yield open_sound_stream(
        file, job.source, job.sound, model_rate=model_rate, piece_seconds=seconds, warn=listener.note
    )


def _recording(job: ListenJob) -> str:
    return "microphone" if not job.source else "stdin" if job.source == "-" else PurePath(job.source).stem


def _limited(stream: SoundStream, max_seconds: float) -> Iterator[Samples]:
    """The pieces up to ``max_seconds``; 0: all."""
    left = round(max_seconds * stream.rate)
    for piece in stream.queue:
        if not max_seconds:
            yield piece
            continue
        yield piece[:left]
        left -= len(piece)
        if left <= 0:
            return


@contextmanager
def _stopping(queue: SoundQueue) -> Iterator[list[int]]:
    """Let signals end the queue instead of the process; the list gets their numbers. A second one interrupts.

    Only the main thread can do that; in others signals are left to it.
    """
    seen: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        if seen:
            raise KeyboardInterrupt
        seen.append(number)
        queue.stop()

    if threading.current_thread() is not threading.main_thread():
        yield seen
        return
    # a shell lets background processes ignore Ctrl-C, and so it must stay
    numbers = [number for number in _STOPPING_SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield seen
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _read_state(path: str) -> FrontendState | None:
    if not path:
        return None
    try:
        text = Path(path).read_bytes()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise access_error(path, error) from error
    try:
        return FrontendState.from_json(text)
    except TableFormatError as error:
        raise TableFormatError(f"{path}: {error}; take another name to begin with a new speaker") from error


def _write_state(path: str, state: FrontendState) -> None:
    with atomic_output(path) as file:
        file.write(state.to_json().encode() + b"\n")


def _read_by(job: ListenJob, recognizer: Recognizer) -> NamedFiles:
    yield "source", "" if job.source == "-" else job.source
    yield from phrase_files_read(job.phrases)
    folder = recognizer.directory.folder
    used = (each.path for each in recognizer.directory.files if each.role == "used")
    yield from (("model", str(folder / path)) for path in used)


def _written_by(job: ListenJob) -> NamedFiles:
    yield from ((name, path) for name in ("captions", "transcript", "state") if (path := getattr(job, name)))
