"""Sound for pages: its wave as a picture, and itself as something to hear."""

from __future__ import annotations

import base64
import io
import urllib.parse
import wave
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ov_asr_score.report.html.page import Html

PEAKS_PER_SECOND = 100.0


@dataclass(frozen=True, slots=True)
class PageSound:
    """The sound of a recording.

    ``peaks`` are the largest absolute values of equal parts of time, for each channel; only their proportions matter.
    ``source`` is the sound itself, as a ``data:`` URI or a path relative to the page; without it nothing can be heard.
    """

    peaks: Sequence[Sequence[float]]
    peaks_per_second: float = PEAKS_PER_SECOND
    source: str = ""

    @property
    def address(self) -> str:
        """``source`` as it stands in a page: a path cannot name another host or protocol."""
        if not self.source or self.source.startswith("data:"):
            return self.source
        path = urllib.parse.quote(self.source.encode("utf-8", "surrogateescape"))
        return "/" + path.lstrip("/") if path.startswith("/") else f"./{path}"


def wave_peaks(
    samples: npt.NDArray[np.floating | np.integer], rate: float, per_second: float = PEAKS_PER_SECOND
) -> list[float]:
    """The largest absolute value of each part of a channel; ``samples`` is [S], ``rate`` in Hz."""
    if not len(samples):
        return []
    parts = max(1, round(len(samples) / rate * per_second))
    starts = np.minimum(np.arange(parts) * len(samples) // parts, len(samples) - 1)
    return [float(peak) for peak in np.maximum.reduceat(np.abs(samples.astype(np.float64)), starts)]


def page_sound(samples: npt.NDArray[np.int16], rate: int, *, source: str | None = None) -> PageSound:
    """The peaks and the sound of ``samples`` [S, C]; without a path as ``source`` it becomes part of the page."""
    peaks = [wave_peaks(samples[:, channel], rate) for channel in range(samples.shape[1])]
    return PageSound(peaks, PEAKS_PER_SECOND, wav_address(samples, rate) if source is None else source)


def wav_address(samples: npt.NDArray[np.int16], rate: int) -> str:
    """``samples`` [S, C] as a ``data:`` URI of a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(samples.shape[1])
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(samples.astype("<i2").tobytes())
    return "data:audio/wav;base64," + base64.b64encode(file.getvalue()).decode()


def wave_picture(sound: PageSound, channel: int, start: float, end: float, width: int) -> Html:
    """The wave of a part of a channel (from 1 on) as SVG, ``width`` pixels wide; empty if there is none.

    Times are in seconds. All parts of a recording have one scale, on which its highest peak fills the height.
    """
    if not 1 <= channel <= len(sound.peaks):
        return Html("")
    highest = max((max(peaks, default=0.0) for peaks in sound.peaks), default=0.0)
    rate = sound.peaks_per_second
    part = np.asarray(sound.peaks[channel - 1][max(0, int(start * rate)) : max(0, int(end * rate))], np.float64)
    if not part.size or not highest > 0:
        return Html("")
    columns = min(part.size, width)
    heights = np.maximum.reduceat(part, np.arange(columns) * part.size // columns) / highest
    # as wide as its part of the time, which may go beyond the sound
    places = (np.arange(columns) + 0.5) / columns * part.size / rate / (end - start) * width
    upper = [f"{place:.1f},{50 - 48 * height:.1f}" for place, height in zip(places, heights, strict=True)]
    lower = [f"{place:.1f},{50 + 48 * height:.1f}" for place, height in zip(places, heights, strict=True)]
    outline = "L".join([*upper, *reversed(lower)])
    return Html(
        f'<svg viewBox="0 0 {width} 100" preserveAspectRatio="none" aria-hidden="true"><path d="M{outline}Z"/></svg>'
    )
