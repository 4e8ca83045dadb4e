"""Random sound, in files of many forms: for us as it is, for Kaldi as the wav file of 16 bits with the same samples."""

from __future__ import annotations

import functools
import io
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.audio.decoding import read_audio

Samples = NDArray[np.int16]

_SPEECH = Path(__file__).parents[2] / "kaldi_speech" / "features" / "wav"
RATES = (16000, 16000, 16000, 8000, 11025, 44100)
KINDS = ("speech",) * 5 + ("noise", "tones", "silence", "offset", "clipped", "pulse", "quiet")
FORMS = (
    ("16",) * 8
    + ("extensible", "size0", "sizeF", "riff0", "odd chunk", "cut", "8", "24", "32", "float")
    + (*("alaw", "mulaw", "flac"),)
)
_TWINS = {"8": "PCM_U8", "24": "PCM_24", "32": "PCM_32", "float": "FLOAT", "alaw": "ALAW", "mulaw": "ULAW"}
BEYOND_KALDI = (*_TWINS, "flac")
"""Forms that Kaldi does not read: it gets the same samples in 16 bits."""


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """Samples [C, N], what they are, and the form of their file."""

    samples: Samples
    rate: int
    kind: str
    form: str

    @property
    def text(self) -> str:
        """The sound in a few words."""
        channels, count = self.samples.shape
        return f"{self.kind} {channels}x{count} {self.rate} Hz, {self.form}"


@functools.cache
def _recordings() -> tuple[Samples, ...]:
    names = ("es_Annie-t0024", "es_john-t0021", "flite_slt-t0017")
    paths = [next(_SPEECH.glob(f"{name}*")) for name in names]
    return tuple(read_audio(path).samples[0].astype(np.int16) for path in paths)


def random_sound(chance: np.random.Generator, rate: int | None = None) -> Sound:
    """A sound that depends on the randomness alone; ``rate`` if it is given."""
    rate = int(chance.choice(RATES)) if rate is None else rate
    kind = str(chance.choice(KINDS))
    channels = int(chance.choice((1, 1, 1, 1, 2, 3)))
    count = _length(chance, rate)
    samples = np.stack([_channel(chance, kind, rate, count) for _ in range(channels)])
    return Sound(samples, rate, kind, str(chance.choice(FORMS)))


def _length(chance: np.random.Generator, rate: int) -> int:
    window, shift = rate * 25 // 1000, rate // 100
    how = int(chance.integers(8))
    if how == 0:  # around the edges of frames
        return max(1, window + int(chance.integers(-2, 4)) * shift + int(chance.integers(-2, 3)))
    if how == 1:
        return int(chance.choice((1, 2, 3, window - 1, window, window + 1, shift, shift // 2, 2 * window)))
    return int(rate * chance.uniform(0.02, 1.5))


def _channel(chance: np.random.Generator, kind: str, rate: int, count: int) -> Samples:
    time = np.arange(count) / rate
    wave: NDArray[np.float64]
    if kind in ("speech", "clipped", "offset", "quiet"):
        recording = _recordings()[int(chance.integers(3))]
        start = int(chance.integers(max(1, len(recording) - count)))
        wave = np.resize(recording[start:], count).astype(np.float64)
        wave = wave * {"clipped": 20.0, "quiet": 0.001}.get(kind, 1.0) + (15000 if kind == "offset" else 0)
    elif kind == "noise":
        wave = chance.standard_normal(count) * chance.choice((1, 300, 10000))
    elif kind == "tones":
        wave = sum(
            (chance.uniform(500, 9000) * np.sin(2 * np.pi * chance.uniform(60, 0.49 * rate) * time) for _ in range(2)),
            np.zeros(count),
        )
    elif kind == "pulse":
        wave = np.zeros(count)
        wave[chance.integers(count)] = chance.choice((1, -32768, 20000))
    else:
        wave = np.full(count, float(chance.choice((0, 0, 100, -32768))))
    return np.clip(np.rint(wave), -32768, 32767).astype(np.int16)


def plain_wav(samples: Samples, rate: int) -> bytes:
    """A wav file of 16 bits with the plainest header."""
    return _wav(samples, rate)


def files_of(sound: Sound) -> tuple[bytes, bytes]:
    """The file for us, and the one for Kaldi, which are the same unless Kaldi does not read the form."""
    if sound.form in BEYOND_KALDI:
        import soundfile

        file = io.BytesIO()
        if sound.form == "flac":
            soundfile.write(file, sound.samples.T, sound.rate, format="FLAC", subtype="PCM_16")
        else:
            # the library writes integers as floats beyond the full scale
            samples = sound.samples / np.float32(32768) if sound.form == "float" else sound.samples
            soundfile.write(file, samples.T, sound.rate, format="WAV", subtype=_TWINS[sound.form])
        samples = sound.samples
        if sound.form in ("8", "alaw", "mulaw"):  # which keep less than 16 bits
            samples = soundfile.read(io.BytesIO(file.getvalue()), dtype="int16", always_2d=True)[0].T
        return file.getvalue(), _wav(samples, sound.rate)
    data = _wav(sound.samples, sound.rate, sound.form)
    return data, data


def _wav(samples: Samples, rate: int, form: str = "16") -> bytes:
    channels = len(samples)
    data = samples.T.astype("<i2").tobytes()
    extensible = form == "extensible"
    head = struct.pack("<HHIIHH", 0xFFFE if extensible else 1, channels, rate, rate * channels * 2, channels * 2, 16)
    if extensible:
        head += struct.pack("<HHI", 22, 16, 0) + b"\1\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"
    chunk = b"LIST\3\0\0\0abc" if form == "odd chunk" else b""
    size = {"size0": 0, "sizeF": 0xFFFFFFFF}.get(form, len(data))
    riff = {"riff0": 0, "size0": 0, "sizeF": 0xFFFFFFFF}.get(form, 4 + 8 + len(head) + len(chunk) + 8 + len(data))
    if form == "cut":
        data = data[: max(0, len(data) - 3 * channels)]
    parts = (b"RIFF", struct.pack("<I", riff), b"WAVEfmt ", struct.pack("<I", len(head)), head, chunk)
    return b"".join((*parts, b"data", struct.pack("<I", size), data))
