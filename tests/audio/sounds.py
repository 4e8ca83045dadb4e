"""Sound files of all kinds, made on the spot."""

from __future__ import annotations

import io
import random
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.audio.decoding import read_audio
from ov_asr_score.errors import OvAsrScoreError

SPEECH = Path(__file__).parents[1] / "kaldi_speech" / "features" / "wav"
RATE = 16000


def speech(seconds: float = 1.0, channels: int = 1) -> NDArray[np.int16]:
    """Samples [C, N] that codecs can do something with: tones and noise."""
    time = np.arange(int(seconds * RATE)) / RATE
    noise = np.random.default_rng(5).standard_normal(len(time)) * 300
    tones = [9000 * np.sin(2 * np.pi * (200 + 90 * channel) * time) for channel in range(channels)]
    return np.stack([(tone * (1 + np.sin(3 * time)) / 2 + noise).astype(np.int16) for tone in tones])


def by_soundfile(samples: NDArray[np.int16], form: str, subtype: str | None = None, rate: int = RATE) -> bytes:
    """The file that soundfile writes; the test is skipped without it."""
    soundfile = pytest.importorskip("soundfile")
    file = io.BytesIO()
    soundfile.write(file, samples.T, rate, format=form, subtype=subtype)
    return file.getvalue()


def by_av(samples: NDArray[np.int16], form: str, codec: str, rate: int = RATE, videos: int = 0) -> bytes:
    """The file that PyAV writes; the test is skipped without it."""
    av = pytest.importorskip("av")
    file = io.BytesIO()
    layout = "mono" if len(samples) == 1 else "stereo"
    with av.open(file, "w", format=form) as container:
        for _ in range(videos):
            container.add_stream("mpeg4", rate=25).pix_fmt = "yuv420p"
        stream = container.add_stream(codec, rate=rate)
        stream.layout, stream.bit_rate = layout, 64000
        sound_format = stream.format.name if stream.format else "fltp"
        resampler = av.AudioResampler(format=sound_format, layout=layout, rate=rate, frame_size=stream.frame_size or 0)
        frame = av.AudioFrame.from_ndarray(samples.T.reshape(1, -1).copy(), format="s16", layout=layout)
        frame.sample_rate, frame.pts = RATE, 0
        for part in (*resampler.resample(frame), *resampler.resample(None), None):
            container.mux(stream.encode(part))
    return file.getvalue()


def damaged_copies(whole: bytes, seed: str) -> Iterator[bytes]:
    """120 copies of a file, half of them cut, half with one bit flipped, mostly near its beginning."""
    chance = random.Random(seed)
    for number in range(120):
        damaged = bytearray(whole)
        if number % 2:
            del damaged[chance.randrange(len(whole)) :]
        else:
            damaged[chance.randrange(min(200, len(whole)) if number % 4 else len(whole))] ^= 1 << chance.randrange(8)
        yield bytes(damaged)


def assert_read_or_refused(files: Iterable[bytes]) -> None:
    """Each of the files gives samples, or an error of one line that begins with its name."""
    for content in files:
        try:
            read_audio(content, name="x", warn=lambda _: None)
        except OvAsrScoreError as error:
            assert str(error).startswith("x: ") and "\n" not in str(error)
