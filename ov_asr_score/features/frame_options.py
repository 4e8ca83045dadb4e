"""Options that most types of features share: frames that are cut from samples, mel bins over their spectrum."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ov_asr_score.errors import UsageError

WINDOW_TYPES = ("hamming", "hanning", "povey", "rectangular", "sine", "blackman")

MOST_FRAME_SAMPLES = 1 << 17
"""A longer frame is a mistake in its unit, and its FFT would take gigabytes; Kaldi has no limit."""


def single(value: float) -> float:
    """The number in single precision, as Kaldi keeps its options."""
    return float(np.float32(value))


@dataclass(frozen=True, slots=True)
class FrameOptions:
    """Options of frames; lengths in milliseconds, frequencies in Hz. Kaldi: feat/feature-window.h.

    Kaldi's defaults but for ``dither``, which is 1 there: noise of that standard deviation, other numbers every time.
    Raises UsageError for what Kaldi cannot compute either.
    """

    sample_frequency: float = 16000.0
    frame_length: float = 25.0
    frame_shift: float = 10.0
    preemphasis_coefficient: float = 0.97
    remove_dc_offset: bool = True
    dither: float = 0.0
    window_type: str = "povey"
    blackman_coeff: float = 0.42
    round_to_power_of_two: bool = True
    snip_edges: bool = True
    allow_downsample: bool = False
    allow_upsample: bool = False
    max_feature_vectors: int = -1  # of Kaldi's online features; without effect

    def __post_init__(self) -> None:
        """Check the options with each other."""
        if not 0 < self.sample_frequency < np.inf:
            raise _refused("sample_frequency", f"expected more than 0, found {self.sample_frequency:g}")
        for name, size in (("frame_length", self._samples(self.frame_length)), ("frame_shift", self._shift)):
            if not 1 <= size <= MOST_FRAME_SAMPLES:
                raise _refused(
                    name,
                    f"expected a time of 1 to {MOST_FRAME_SAMPLES} samples, found {getattr(self, name):g} ms at "
                    f"{self.sample_frequency:g} Hz",
                )
        if self.padded_window_size % 2 or self.padded_window_size < 4:
            raise _refused(
                "frame_length",
                f"expected an even number of samples from 4 on for the FFT, found {self.padded_window_size}; "
                "choose another length, or round_to_power_of_two",
                "round_to_power_of_two",
            )
        if not 0 <= self.preemphasis_coefficient <= 1:
            raise _refused("preemphasis_coefficient", f"expected 0 to 1, found {self.preemphasis_coefficient:g}")
        if self.window_type not in WINDOW_TYPES:
            raise _refused("window_type", f"expected one of {', '.join(WINDOW_TYPES)}, found '{self.window_type}'")
        for name in ("dither", "blackman_coeff"):
            if not np.isfinite(getattr(self, name)):
                raise _refused(name, f"expected a finite number, found {getattr(self, name):g}")

    def _samples(self, milliseconds: float) -> int:
        return _num_samples(self.sample_frequency, milliseconds)

    @property
    def _shift(self) -> int:
        return self._samples(self.frame_shift)

    @property
    def window_shift(self) -> int:
        """Samples from the start of a frame to the next."""
        return self._shift

    @property
    def window_size(self) -> int:
        """Samples of a frame."""
        return self._samples(self.frame_length)

    @property
    def padded_window_size(self) -> int:
        """Samples that the FFT gets, with the zeros behind the frame."""
        size = self.window_size
        return 1 << (size - 1).bit_length() if self.round_to_power_of_two else size


@dataclass(frozen=True, slots=True)
class MelOptions:
    """Options of mel bins; frequencies in Hz. Kaldi: feat/mel-computations.h.

    ``high_freq`` of 0 or less, and ``vtln_high`` of less than 0, are added to half of the sampling rate. ``htk_mode``
    repeats what HTK does (Kaldi has no option for it): the first weight is 0, and mel energies are at least 1.
    """

    num_mel_bins: int = 23
    low_freq: float = 20.0
    high_freq: float = 0.0
    vtln_low: float = 100.0
    vtln_high: float = -500.0
    debug_mel: bool = False  # Kaldi prints bins; without effect
    htk_mode: bool = False

    def limits(self, sample_frequency: float) -> tuple[float, float]:
        """The lowest and the highest frequency; raises UsageError if they are none. Kaldi: ``MelBanks::MelBanks``."""
        nyquist = 0.5 * single(sample_frequency)
        low, high = single(self.low_freq), single(self.high_freq)
        high = high if high > 0 else single(nyquist + high)
        if not (0 <= low < nyquist and low < high <= nyquist):
            raise UsageError(
                f"low_freq and high_freq: expected 0 to {nyquist:g} Hz, in this order, found {low:g} and {high:g}",
                fields=("low_freq", "high_freq"),
            )
        return low, high


@lru_cache(maxsize=64)
def _num_samples(sample_frequency: float, milliseconds: float) -> int:
    """Asked for with every piece of sound."""
    samples = single(sample_frequency) * 0.001 * single(milliseconds)
    return int(samples) if np.isfinite(samples) else 0


def _refused(name: str, what: str, *others: str) -> UsageError:
    return UsageError(f"{name}: {what}", fields=(name, *others))
