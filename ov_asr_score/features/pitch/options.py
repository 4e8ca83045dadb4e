"""Options of the extraction of pitch and of what is made of it, with Kaldi's defaults, and where they come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from math import ceil, floor, isfinite, log
from typing import Any

import numpy as np

from ov_asr_score.errors import UsageError
from ov_asr_score.features.frame_options import single
from ov_asr_score.kaldi_io.files.config_file import ConfigOption
from ov_asr_score.kaldi_io.files.joined_options import checked_options, join_options

MOST_LAGS = 20_000
"""The work for a frame grows faster than the number of lags; Kaldi has no limit."""

MOST_SAMPLES = 1 << 20
"""Of a frame after resampling: a longer one is a mistake in its unit; Kaldi has no limit."""


@dataclass(frozen=True, slots=True)
class PitchExtractionOptions:
    """How pitch is tracked; frequencies in Hz, frames in milliseconds. Source: feat/pitch-functions.h.

    The sound is resampled to ``resample_frequency`` below ``lowpass_cutoff``. ``lowpass_filter_width`` and
    ``upsample_filter_width`` say how sharp the filters before and after the correlation are. ``delta_pitch`` is the
    ratio from one candidate to the next, less 1. More ``penalty_factor``: smoother tracks; more ``soft_min_f0``: fewer
    low ones; more ``nccf_ballast``: less weight of quiet frames.

    The other options are those of Kaldi's online form (``ov_asr_score/features/pitch/live.py``): sound is taken in
    chunks of ``frames_per_chunk`` frames, 0: as it comes, or all at once. With ``simulate_first_pass_online`` each row
    is what is known when it is first given. At the frame ``recompute_frame``, or at the end, the frames until then are
    weighed by their common energy, unless it is that up to each frame (``nccf_ballast_online``). A row is held back
    while its lag is not decided, but not longer than ``max_frames_latency`` frames.

    Raises UsageError for what Kaldi cannot compute either.
    """

    sample_frequency: float = 16000.0
    frame_length: float = 25.0
    frame_shift: float = 10.0
    preemphasis_coefficient: float = 0.0
    min_f0: float = 50.0
    max_f0: float = 400.0
    soft_min_f0: float = 10.0
    penalty_factor: float = 0.1
    lowpass_cutoff: float = 1000.0
    resample_frequency: float = 4000.0
    delta_pitch: float = 0.005
    nccf_ballast: float = 7000.0
    lowpass_filter_width: int = 1
    upsample_filter_width: int = 5
    max_frames_latency: int = 0
    frames_per_chunk: int = 0
    simulate_first_pass_online: bool = False
    recompute_frame: int = 500
    nccf_ballast_online: bool = False
    snip_edges: bool = True

    def __post_init__(self) -> None:
        """Check the options with each other."""
        _check_numbers(self)
        self._check_frequencies()
        for name, size in (("frame_length", self.window_size), ("frame_shift", self.window_shift)):
            if not 1 <= size <= MOST_SAMPLES:
                raise _refused(
                    name,
                    f"expected a time of 1 to {MOST_SAMPLES} samples at {self.resample_frequency:g} Hz, found "
                    f"{getattr(self, name):g} ms",
                    "resample_frequency",
                )
        for name, least in (("penalty_factor", 0.0), ("nccf_ballast", 0.0), ("max_frames_latency", 0)):
            if getattr(self, name) < least:
                raise _refused(name, f"expected {least:g} or more, found {getattr(self, name):g}")
        if self.frames_per_chunk < 0 or (self.frames_per_chunk and not self.samples_per_chunk):
            raise _refused("frames_per_chunk", f"expected chunks of a sample or more, found {self.frames_per_chunk}")
        if self.simulate_first_pass_online and not self.frames_per_chunk:
            raise _refused("simulate_first_pass_online", "expected frames_per_chunk with it", "frames_per_chunk")

    def _check_frequencies(self) -> None:
        rate, resampled, cutoff = self.sample_frequency, self.resample_frequency, self.lowpass_cutoff
        if not 1 <= rate < 2**31:
            raise _refused("sample_frequency", f"expected 1 or more, found {rate:g}")
        if not 1 <= resampled < 2**31:
            raise _refused("resample_frequency", f"expected 1 or more, found {resampled:g}")
        if not 0 < 2 * cutoff <= min(int(rate), int(resampled)):
            raise _refused(
                "lowpass_cutoff",
                f"expected more than 0, and at most half of the sampling rate {rate:g} and of resample_frequency "
                f"{resampled:g}, found {cutoff:g}",
                *("sample_frequency", "resample_frequency"),
            )
        for name in ("lowpass_filter_width", "upsample_filter_width"):
            if not 1 <= getattr(self, name) <= 1000:
                raise _refused(name, f"expected 1 to 1000, found {getattr(self, name)}")
        if not 0 < self.min_f0 <= self.max_f0:
            raise _refused(
                "min_f0", f"expected more than 0, up to max_f0 {self.max_f0:g}, found {self.min_f0:g}", "max_f0"
            )
        if self.delta_pitch <= 0 or log(self.max_f0 / self.min_f0) / log(1 + self.delta_pitch) > MOST_LAGS:
            raise _refused("delta_pitch", f"expected more, found {self.delta_pitch:g} (at most {MOST_LAGS} lags)")
        if self.first_lag < 0:
            raise _refused(
                "max_f0",
                f"expected less with upsample_filter_width {self.upsample_filter_width} at {resampled:g} Hz, "
                f"found {self.max_f0:g}",
                *("resample_frequency", "upsample_filter_width"),
            )
        if self.last_lag > MOST_SAMPLES:
            raise _refused("min_f0", f"expected more at {resampled:g} Hz, found {self.min_f0:g}")

    @property
    def window_size(self) -> int:
        """Resampled samples of a frame, without those for the longest lag. Source: ``NccfWindowSize``."""
        return _truncated(float(np.float32(self.resample_frequency) * np.float32(self.frame_length)) / 1000.0)

    @property
    def window_shift(self) -> int:
        """Resampled samples from the start of a frame to the next. Source: ``NccfWindowShift``."""
        return _truncated(float(np.float32(self.resample_frequency) * np.float32(self.frame_shift)) / 1000.0)

    @property
    def samples_per_chunk(self) -> int:
        """Samples of ``frames_per_chunk`` frames, before resampling; 0: no chunks."""
        chunk = np.float32(self.frames_per_chunk) * np.float32(self.sample_frequency) * np.float32(self.frame_shift)
        return _truncated(float(chunk / np.float32(1000)))

    @property
    def lookahead(self) -> float:
        """How many seconds of sound after its start a frame needs."""
        resampled = (self.window_size + self.last_lag) / self.resample_frequency
        return resampled + self.lowpass_filter_width / (2 * self.lowpass_cutoff)

    @property
    def first_lag(self) -> int:
        """The first lag of the correlation, in resampled samples."""
        return ceil(single(self.resample_frequency) * (1.0 / single(self.max_f0) - self._filter_half_width))

    @property
    def last_lag(self) -> int:
        """The last lag of the correlation, in resampled samples."""
        return floor(single(self.resample_frequency) * (1.0 / single(self.min_f0) + self._filter_half_width))

    @property
    def _filter_half_width(self) -> float:
        return self.upsample_filter_width / (2.0 * single(self.resample_frequency))


@dataclass(frozen=True, slots=True)
class ProcessPitchOptions:
    """What is made of raw pitch. Source: feat/pitch-functions.h.

    Columns, in this order, each with a switch ``add_…``: how voiced the frame is (``pov_scale``, ``pov_offset``), the
    logarithm of the pitch less its mean over ``normalization_left_context`` + 1 + ``normalization_right_context``
    frames, weighted by how voiced they are (``pitch_scale``), its slope over ``delta_window`` frames to each side
    (``delta_pitch_scale``), and the logarithm itself. Rows come ``delay`` frames later.

    Kaldi's defaults but for ``delta_pitch_noise_stddev``, which is 0.005 there: noise that is added to the slope before
    it is scaled. Raises UsageError for what Kaldi cannot compute either.
    """

    pitch_scale: float = 2.0
    pov_scale: float = 2.0
    pov_offset: float = 0.0
    delta_pitch_scale: float = 10.0
    delta_pitch_noise_stddev: float = 0.0
    normalization_left_context: int = 75
    normalization_right_context: int = 75
    delta_window: int = 2
    delay: int = 0
    add_pov_feature: bool = True
    add_normalized_log_pitch: bool = True
    add_delta_pitch: bool = True
    add_raw_log_pitch: bool = False

    def __post_init__(self) -> None:
        """Check the options."""
        _check_numbers(self)
        for name in ("normalization_left_context", "normalization_right_context", "delay"):
            if not 0 <= getattr(self, name) <= MOST_SAMPLES:
                raise _refused(name, f"expected 0 or more, found {getattr(self, name)}")
        if not 1 <= self.delta_window < 1000:
            raise _refused("delta_window", f"expected 1 to 999, found {self.delta_window}")
        if not self.num_columns:
            raise _refused("add_pov_feature", "expected one of the four columns at least, found none")

    @property
    def num_columns(self) -> int:
        """How many columns are made."""
        return sum((self.add_pov_feature, self.add_normalized_log_pitch, self.add_delta_pitch, self.add_raw_log_pitch))


@dataclass(frozen=True, slots=True)
class PitchRecipe:
    """Everything that was asked of pitch features: the options of compute-and-process-kaldi-pitch-feats."""

    extraction: PitchExtractionOptions = field(default_factory=PitchExtractionOptions)
    processing: ProcessPitchOptions = field(default_factory=ProcessPitchOptions)


def pitch_option_kinds() -> dict[str, type]:
    """All options of pitch by their names with ``_``, with their types."""
    defaults: tuple[Any, ...] = (PitchExtractionOptions(), ProcessPitchOptions())
    return {each.name: type(getattr(bundle, each.name)) for bundle in defaults for each in fields(bundle)}


def resolve_pitch_options(
    config: Iterable[ConfigOption] = (), given: Mapping[str, object] | None = None
) -> PitchRecipe:
    """The options of pitch: first those of a configuration file, then those ``given`` by name (None: not given).

    Raises ConfigFormatError with file and line for an option of the file that is unknown or has a value that is no
    value of it; and UsageError for such ``given``.
    """
    kinds, subject = pitch_option_kinds(), "pitch features"
    joined = join_options(config, checked_options(given or {}, kinds, subject), kinds, subject)
    with joined.place_of_errors():
        return PitchRecipe(_chosen(PitchExtractionOptions, joined.values), _chosen(ProcessPitchOptions, joined.values))


def _chosen(bundle: Any, values: Mapping[str, object]) -> Any:
    names = [each.name for each in fields(bundle)]
    return bundle(**{name: value for name, value in values.items() if name in names})


def _check_numbers(options: Any) -> None:
    for each in fields(options):
        if not isfinite(value := getattr(options, each.name)):
            raise _refused(each.name, f"expected a finite number, found {value:g}")


def _truncated(number: float) -> int:
    return int(number) if isfinite(number) else 0


def _refused(name: str, what: str, *others: str) -> UsageError:
    return UsageError(f"{name}: {what}", fields=(name, *others))
