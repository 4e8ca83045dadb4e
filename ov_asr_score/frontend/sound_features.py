"""Features of one recording, computed while it is read: memory holds its features, and a second of its sound.

Tests: tests/frontend/test_reading.py
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.audio.recordings import Recording
from ov_asr_score.errors import OvAsrScoreError, ShapeMismatchError, SoundFormatError
from ov_asr_score.features.linear_resample import waveform_resampler
from ov_asr_score.features.live import LiveFeatures
from ov_asr_score.features.steps.feature_columns import paste_features
from ov_asr_score.frontend.frontend import Frontend, PitchColumns
from ov_asr_score.text import shown_key

Floats = NDArray[np.float32]

# Frames by which pitch may be longer or shorter than features (steps/make_mfcc_pitch.sh).
_LENGTH_TOLERANCE = 2


@dataclass(frozen=True, slots=True, eq=False)
class FoundFeatures:
    """Features [T, D], and the length of the sound in seconds."""

    features: Floats
    seconds: float


class _Resampler(Protocol):
    def accept(self, samples: Floats, /) -> Floats: ...

    def finish(self) -> Floats: ...


class _Counted:
    """The pieces of a recording, and how long those were that have been read."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self._count = 0

    def pieces(self) -> Iterator[Floats]:
        """The pieces, once."""
        for piece in self.recording.pieces():
            self._count += len(piece)
            yield piece

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
    live = LiveFeatures(recipe.options, warp)
    rows: list[Floats] = []
    kept: list[Floats] = []
    counted = _Counted(recording)
    for samples in _at_rate(counted, frontend, wanted):
        rows.append(live.accept(samples))
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
        features = paste_features([features, pitch_rows(np.concatenate(kept), frontend.pitch)], _LENGTH_TOLERANCE)
    return FoundFeatures(features, seconds)


def _pitch_alone(recording: Recording, frontend: Frontend) -> FoundFeatures:
    assert frontend.pitch is not None
    wanted = frontend.pitch.recipe.extraction.sample_frequency
    counted = _Counted(recording)
    pieces = list(_at_rate(counted, frontend, wanted))
    samples = np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
    return FoundFeatures(pitch_rows(samples, frontend.pitch), counted.seconds)


def pitch_rows(samples: Floats, pitch: PitchColumns) -> Floats:
    """Pitch [T, n] of the sound [N], of which all must be there: pitch of early frames depends on later ones."""
    from ov_asr_score.features.pitch.computing import compute_pitch
    from ov_asr_score.features.pitch.processing import process_pitch

    found = compute_pitch(samples, pitch.recipe.extraction)
    return process_pitch(found, pitch.recipe.processing) if pitch.is_processed and len(found) else found


def _at_rate(counted: _Counted, frontend: Frontend, wanted: float) -> Iterator[Floats]:
    """The samples of a recording at the rate ``wanted``, in pieces.

    Raises SoundFormatError where the rate is another and may not be changed. Source: feat/feature-common-inl.h,
    ``OfflineFeatureTpl::ComputeFeatures``.
    """
    recording = counted.recording
    rate = recording.rate
    if rate == wanted:
        return counted.pieces()
    name = "allow_downsample" if rate > wanted else "allow_upsample"
    frame = None if frontend.features is None else frontend.features.options.frame
    if frame is None or not getattr(frame, name):
        advice = f"; {name} resamples it" if frame is not None else ""
        raise SoundFormatError(
            f"utterance {shown_key(recording.key)}: expected sound of {wanted:g} Hz (sample_frequency), found {rate} "
            f"Hz{advice}",
            fields=("sample_frequency", name),
        )
    if frontend.sound.resampler == "soxr":
        from ov_asr_score.audio.resampling import SoxrResampler

        return _resampled(counted.pieces(), SoxrResampler(rate, int(wanted)))
    return _resampled(counted.pieces(), waveform_resampler(rate, wanted))


def _resampled(pieces: Iterable[Floats], resampler: _Resampler) -> Iterator[Floats]:
    for piece in pieces:
        yield resampler.accept(piece)
    yield resampler.finish()
