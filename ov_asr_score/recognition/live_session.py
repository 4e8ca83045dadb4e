"""A session: sound of one speaker comes in pieces, partial and final results come back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import OvAsrScoreError, SessionEndedError, SoundFormatError
from ov_asr_score.frontend.live_state import FrontendState
from ov_asr_score.recognition.live_stream import LiveStream
from ov_asr_score.recognition.results import Final, Partial
from ov_asr_score.recognition.samples import SampleReader, Samples
from ov_asr_score.recognition.session_options import SessionOptions
from ov_asr_score.text import shown_key

HALF_SAMPLE = "the sound ends within a sample: its last byte is left out"


class LiveSession:
    """Takes sound, and gives what was said; times are seconds from the beginning of its sound.

    Results are those of Kaldi's online decoding for the same pieces. Where the sound is cut does not change features,
    scores or the search, but each step of the network (24 frames as a rule) gets the i-vector of the newest frame that
    is there, and endpoints are looked for once in a piece: so pieces of another size may lead to another word, and to
    other ends. ``accept`` may be called from any thread, by one at a time: it returns when the piece is searched. What
    it gave as final is final, whatever happens later.

    A session ends with ``finish`` or ``close``, when it was idle or lasted for too long, and after an error: then it
    says so and takes no more sound. What was still open when it ended itself is in ``left_over``.
    """

    def __init__(
        self,
        begin: Callable[[FrontendState | None], LiveStream],
        rate: int,
        key: str,
        options: SessionOptions,
        state: FrontendState | None = None,
        warnings: tuple[str, ...] = (),
    ) -> None:
        """Begin; sessions are made by ``Recognizer.session``. ``warnings`` say which phrases cannot be recognized."""
        self.key, self.rate, self.options, self.warnings = key, rate, options, warnings
        self.left_over: tuple[Final, ...] = ()
        self._begin = begin
        self._lock = threading.RLock()
        self._reader = SampleReader(key, options.float_full_scale)
        self._stream: LiveStream | None = begin(state)
        self._why_over = ""
        self._num_samples = 0
        self._last_state = FrontendState()
        self._last_partial: Partial | None = None
        self._is_in_use = False
        self._last_use = time.monotonic()

    @property
    def is_open(self) -> bool:
        """Whether it takes sound."""
        return self._stream is not None

    @property
    def seconds(self) -> float:
        """How much sound was taken."""
        return self._num_samples / self.rate

    @property
    def partial(self) -> Partial | None:
        """What is said so far in the utterance that is open; None: nothing was searched of it yet."""
        stream = self._stream
        return self._last_partial if stream is None else stream.partial

    def accept(self, samples: Samples) -> list[Partial | Final]:
        """What follows from the next samples, a piece of any size (`SampleReader` says of which kind).

        A final result if the rules for endpoints end an utterance here, its words empty for silence; else a partial
        one if words changed. Raises SoundFormatError for anything else than samples: nothing of the piece is taken,
        and others may follow; SessionEndedError after the end; OvAsrScoreError for what else goes wrong, which ends the
        session.
        """
        with self._lock:
            stream = self._open_stream()
            with self._use():
                piece = self._reader.read(samples)
                most = self.options.max_seconds
                if most is not None and self._num_samples + len(piece) > most * self.rate:
                    kept = piece[: max(0, int(most * self.rate) - self._num_samples)]
                    reason = f"it lasted for more than {most:g} s (max_seconds)"
                    finals = self._finish(stream, kept, reason)
                    return [_with_warning(each, f"the session is over: {reason}") for each in finals]
                found = stream.accept(piece)
                self._num_samples += len(piece)
                return found

    def finish(self, samples: Samples = b"") -> list[Final]:
        """The final result of what is open, with the last samples; none where no row of scores is left.

        Kaldi's program tells the last piece and the end at once: so does ``finish(samples)``; in two calls, other
        i-vectors may go to the last step of the network. Raises what ``accept`` raises.
        """
        with self._lock:
            stream = self._open_stream()
            with self._use():
                piece = self._reader.read(samples)
                return self._finish(stream, piece, "it was finished")

    def restart(self) -> None:
        """Begin anew with the next samples, for the same speaker: the state of its i-vectors and CMVN goes on.

        What is open is dropped. Also after ``finish``. Raises SessionEndedError after an error or ``close``.
        """
        with self._lock:
            if self._stream is None and self._why_over != "it was finished":
                raise self._ended()
            with self._use():
                self._stream = self._begin(self.state())
            self._reader = SampleReader(self.key, self.options.float_full_scale)
            self._num_samples, self._why_over, self._last_partial = 0, "", None

    def state(self) -> FrontendState:
        """What the speaker's next session begins with: online CMVN, statistics of i-vectors.

        It can be asked for at any time; ``FrontendState.to_json`` and ``from_json`` keep it.
        """
        with self._lock:
            return self._last_state if self._stream is None else self._stream.state()

    def close(self) -> None:
        """End it and drop what is open; what it holds is freed. May be called again."""
        with self._lock:
            self._end("it was closed")

    @property
    def deadline(self) -> float | None:
        """When it will have been idle for too long, by ``time.monotonic``; None: never."""
        if self._stream is None or self.options.idle_seconds is None:
            return None
        return (time.monotonic() if self._is_in_use else self._last_use) + self.options.idle_seconds

    def expire(self, now: float) -> None:
        """End it if it was idle for too long at ``now``; what was open is in ``left_over`` then."""
        if not self._lock.acquire(blocking=False):
            return  # it is in use
        try:
            stream, limit = self._stream, self.deadline
            if stream is None or limit is None or limit > now:
                return
            reason = f"nothing came for {self.options.idle_seconds:g} s (idle_seconds)"
            try:
                self.left_over = tuple(self._finish(stream, np.zeros(0, np.float32), reason))
            except OvAsrScoreError:
                self._end(reason)
        finally:
            self._lock.release()

    def _finish(self, stream: LiveStream, piece: NDArray[np.float32], reason: str) -> list[Final]:
        """The rest; the session is over then."""
        found = stream.finish(piece)
        self._num_samples += len(piece)
        self._end(reason)
        return [_with_warning(each, HALF_SAMPLE) for each in found] if self._reader.has_half else found

    def _end(self, reason: str) -> None:
        if self._stream is None:
            return
        stream, self._stream, self._why_over = self._stream, None, reason
        self._last_partial = stream.partial
        self._last_state = stream.state()
        stream.close()

    def _open_stream(self) -> LiveStream:
        if self._stream is None:
            raise self._ended()
        return self._stream

    def _ended(self) -> SessionEndedError:
        return SessionEndedError(f"session {shown_key(self.key)}: expected no more sound, {self._why_over}")

    @contextmanager
    def _use(self) -> Iterator[None]:
        """While something is done with the session; an error in it ends the session, a piece that is no sound not."""
        self._is_in_use = True
        try:
            yield
        except SoundFormatError:
            raise
        except BaseException as error:
            self._end(f"it failed before ({error})")
            raise
        finally:
            self._last_use = time.monotonic()
            self._is_in_use = False

    def __enter__(self) -> LiveSession:
        """The session itself, which is closed at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


def _with_warning(final: Final, warning: str) -> Final:
    return replace(final, segment=replace(final.segment, warnings=(*final.segment.warnings, warning)))
