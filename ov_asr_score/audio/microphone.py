"""Sound of a microphone, through PortAudio."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ov_asr_score.audio.audio_stream import Warn
from ov_asr_score.audio.channels import one_channel
from ov_asr_score.audio.sample_formats import samples_of
from ov_asr_score.audio.sound_queue import SoundQueue
from ov_asr_score.audio.sound_stream import SoundStream, checked_channel
from ov_asr_score.errors import FileAccessError, MissingExtraError
from ov_asr_score.settings.recognition.listen_sound import ListenSound

_FORMAT = "s16le"
_MOST_WAITING_SECONDS = 60.0


def import_sounddevice() -> Any:
    """The module ``sounddevice``. Raises MissingExtraError where it, or PortAudio, is not installed."""
    try:
        import sounddevice
    except ImportError as error:
        raise MissingExtraError(
            f'microphone: needs sounddevice, which cannot be imported ({error}); pip install "ov-asr-score[listen]", '
            "or send sound to standard input"
        ) from error
    except OSError as error:
        raise MissingExtraError(
            f"microphone: needs PortAudio ({error}); install it (Debian: libportaudio2), or send sound to standard "
            "input"
        ) from error
    return sounddevice


@contextmanager
def open_microphone(sound: ListenSound, *, model_rate: int, piece_seconds: float, warn: Warn) -> Iterator[SoundStream]:
    """What the microphone records while the ``with`` lasts, in pieces of ``piece_seconds``.

    Sound that was lost on the way is told by ``warn``, once. Raises MissingExtraError, FileAccessError (no such
    microphone, a rate or a number of channels that it does not have) and UsageError (no such channel).
    """
    sounddevice = import_sounddevice()
    rate = sound.rate or model_rate
    channel = checked_channel("microphone", sound.channel, sound.channels, warn)
    queue = SoundQueue(most_waiting=round(_MOST_WAITING_SECONDS / piece_seconds))
    lost: list[bool] = []

    def take(data: Any, frames: int, time: Any, status: Any) -> None:
        if status and getattr(status, "input_overflow", False) and not lost:
            lost.append(True)
            warn("microphone: sound was lost, as the machine was too busy to take it")
        queue.offer(one_channel(samples_of(bytes(data), _FORMAT, sound.channels), channel))

    def ended() -> None:
        queue.end(None)

    try:
        stream = sounddevice.RawInputStream(
            samplerate=rate,
            blocksize=max(1, round(piece_seconds * rate)),
            device=_chosen(sound.microphone),
            channels=sound.channels,
            dtype="int16",
            callback=take,
            finished_callback=ended,
        )
        stream.start()
    except (sounddevice.PortAudioError, ValueError) as error:
        raise FileAccessError(f"microphone: cannot be opened: {_said(error)}{_inputs(sounddevice)}") from error
    try:
        yield SoundStream("microphone", rate, queue)
    finally:
        stream.close()


def _chosen(microphone: str) -> int | str | None:
    if microphone.isascii() and microphone.isdigit():
        return int(microphone)
    return microphone or None


def _said(error: Exception) -> str:
    return " ".join(str(each) for each in error.args[:1]).rstrip(".") or type(error).__name__


def _inputs(sounddevice: Any) -> str:
    """The microphones that there are, for errors."""
    try:
        devices = list(sounddevice.query_devices())
    except sounddevice.PortAudioError:
        devices = []
    names = [f"{number} {each['name']}" for number, each in enumerate(devices) if each["max_input_channels"] > 0]
    return f"; there are {', '.join(names)}" if names else "; there is no microphone: send sound to standard input"
