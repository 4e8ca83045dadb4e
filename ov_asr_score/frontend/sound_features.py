"""Features of one recording, computed while it is read: memory holds its features, and a second of its sound.

Tests: tests/frontend/test_reading.py
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import OvAsrScoreError, ShapeMismatchError, SoundFormatError
from ov_asr_score.features.linear_resample import waveform_resampler
from ov_asr_score.features.live import LiveFeatures
from ov_asr_score.features.steps.feature_columns import paste_features
from ov_asr_score.frontend.frontend import Frontend, PitchColumns, dither_seed
from ov_asr_score.frontend.stage_times import timed
from ov_asr_score.settings.speech.sound import SoundSettings
from ov_asr_score.text import shown_key

if TYPE_CHECKING:
    from ov_asr_score.audio.recordings import Recording
    from ov_asr_score.features.frame_options import FrameOptions
    from ov_asr_score.features.wave_input import WaveRecipe

Floats = NDArray[np.float32]

# Frames by which pitch may be longer or shorter than features (steps/make_mfcc_pitch.sh).
_LENGTH_TOLERANCE = 2


@dataclass(frozen=True, slots=True, eq=False)
class FoundFeatures:
    """Features [T, D], the length of the sound in seconds, and how many it took to read it."""

    features: Floats
    seconds: float
    reading_seconds: float = 0.0


class Resampler(Protocol):
    """Samples at another rate, of sound in pieces."""

    @property
    def lookahead(self) -> float:
        """How many seconds of sound a sample waits for at most."""
        ...

    def accept(self, samples: Floats, /) -> Floats:
        """The samples that are final now."""
        ...

    def finish(self) -> Floats:
        """The rest of the samples."""
        ...


class _Counted:
    """The pieces of a recording, and how long those were that have been read."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self._count = 0
        self.reading_seconds = 0.0

    def pieces(self) -> Iterator[Floats]:
        """The pieces, once."""
        for piece in timed(self.recording.pieces(), self._note):
            self._count += len(piece)
            yield piece

    def _note(self, seconds: float) -> None:
        self.reading_seconds += seconds

    @property
    def seconds(self) -> float:
        """Their length in seconds, whatever rate they get afterwards. Source: feat/wave-reader.h, ``Duration``."""
        return self._count / self.recording.rate


def compute_recording(recording: Recording, frontend: Frontend) -> FoundFeatures:
    """The features of a recording, with those of pitch behind them where they are asked for.

    Raises SoundFormatError (another rate than that of the options, sound too short for ``min_duration``, NaN),
    MissingUtteranceError (no VTLN warp), and what reading sound raises. Source: featbin/compute-mfcc-feats.cc.
    """
    try:
        if frontend.wave is not None:
            return _wave(recording, frontend, frontend.wave)
        return _pitch_alone(recording, frontend) if frontend.features is None else _features(recording, frontend)
    except OvAsrScoreError as error:
        if type(error) in (OvAsrScoreError, ShapeMismatchError):  # of numbers that have no name yet
            raise SoundFormatError(f"utterance {shown_key(recording.key)}: {error}", fields=error.fields) from error
        raise


def _features(recording: Recording, frontend: Frontend) -> FoundFeatures:
    recipe = frontend.features
    assert recipe is not None
    wanted = recipe.options.frame.sample_frequency
    warp = recipe.utterance.vtln_warp if frontend.warps is None else frontend.warps.of(recording.key)
    live = LiveFeatures(recipe.options, warp, seed=dither_seed(recording.key))
    rows: list[Floats] = []
    kept: list[Floats] = []
    counted = _Counted(recording)
    for samples in _at_rate(counted, frontend, wanted):
        try:
            rows.append(live.accept(samples))
        except SoundFormatError as error:  # which knows nothing but the samples
            raise SoundFormatError(f"utterance {shown_key(recording.key)}: {error}") from error
        if frontend.pitch is not None:
            kept.append(samples)
    rows.append(live.finish())
    features = np.concatenate(rows)
    seconds = counted.seconds
    if seconds < recipe.utterance.min_duration:
        raise SoundFormatError(
            f"utterance {shown_key(recording.key)}: expected {recipe.utterance.min_duration:g} seconds or more "
            f"(min_duration), found {seconds:g}",
            fields=("min_duration",),
        )
    if recipe.utterance.subtract_mean and len(features):
        features -= features.mean(axis=0)
    if frontend.pitch is not None:
        pitch = pitch_rows(np.concatenate(kept), frontend.pitch)
        features = paste_features([features, pitch], length_tolerance(frontend.pitch))
    return FoundFeatures(features, seconds, counted.reading_seconds)


def _pitch_alone(recording: Recording, frontend: Frontend) -> FoundFeatures:
    assert frontend.pitch is not None
    wanted = frontend.pitch.recipe.extraction.sample_frequency
    counted = _Counted(recording)
    pieces = list(_at_rate(counted, frontend, wanted))
    samples = np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
    return FoundFeatures(pitch_rows(samples, frontend.pitch), counted.seconds, counted.reading_seconds)


def _wave(recording: Recording, frontend: Frontend, recipe: WaveRecipe) -> FoundFeatures:
    from ov_asr_score.features.wave_input import wave_rows

    counted = _Counted(recording)
    pieces = list(_at_rate(counted, frontend, recipe.sample_rate))
    samples = np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
    return FoundFeatures(wave_rows(samples, recipe), counted.seconds, counted.reading_seconds)


def pitch_rows(samples: Floats, pitch: PitchColumns) -> Floats:
    """Pitch [T, n] of the sound [N], of which all must be there: pitch of early frames depends on later ones."""
    from ov_asr_score.features.pitch.computing import compute_pitch, compute_processed_pitch

    recipe = pitch.recipe
    if pitch.is_processed:
        return compute_processed_pitch(samples, recipe.extraction, recipe.processing)
    return compute_pitch(samples, recipe.extraction)


def length_tolerance(pitch: PitchColumns) -> int:
    """How many frames more or fewer than other features pitch may have; its option ``delay`` adds frames."""
    return _LENGTH_TOLERANCE + (pitch.recipe.processing.delay if pitch.is_processed else 0)


def _at_rate(counted: _Counted, frontend: Frontend, wanted: float) -> Iterator[Floats]:
    """The samples of a recording at the rate ``wanted``, in pieces. Raises what ``sound_resampler`` raises."""
    resampler = sound_resampler(counted.recording.rate, wanted, frontend, counted.recording.key)
    return counted.pieces() if resampler is None else _resampled(counted.pieces(), resampler)


def sound_resampler(rate: int, wanted: float, frontend: Frontend, key: str) -> Resampler | None:
    """What makes sound of one rate that of another, None for the same.

    Raises SoundFormatError with the utterance where the rate may not be changed. Source: feat/feature-common-inl.h,
    ``OfflineFeatureTpl::ComputeFeatures``.
    """
    if rate == wanted:
        return None
    name = "allow_downsample" if rate > wanted else "allow_upsample"
    allowing: SoundSettings | FrameOptions | None = frontend.sound if frontend.wave is not None else None
    if frontend.features is not None:
        allowing = frontend.features.options.frame
    if allowing is None or not getattr(allowing, name):
        advice = f"; {name} resamples it" if allowing is not None else ""
        field = "sample_frequency" if frontend.wave is None else "wave_rate"
        raise SoundFormatError(
            f"utterance {shown_key(key)}: expected sound of {wanted:g} Hz ({field}), found {rate} Hz{advice}",
            fields=(field, name),
        )
    if frontend.sound.resampler == "soxr":
        from ov_asr_score.audio.resampling import SoxrResampler

        return SoxrResampler(rate, int(wanted))
    return waveform_resampler(rate, wanted)


def _resampled(pieces: Iterable[Floats], resampler: Resampler) -> Iterator[Floats]:
    for piece in pieces:
        yield resampler.accept(piece)
    yield resampler.finish()
