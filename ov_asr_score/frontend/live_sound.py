"""Features of sound that comes in pieces, before all steps, with those of pitch behind them."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ov_asr_score.errors import ShapeMismatchError, SoundFormatError, UsageError
from ov_asr_score.features.computing import LARGEST_SAMPLE
from ov_asr_score.features.live import LiveFeatures
from ov_asr_score.features.options import FeatureRecipe
from ov_asr_score.features.steps.feature_columns import LivePasting
from ov_asr_score.frontend.frontend import Frontend, PitchColumns, dither_seed
from ov_asr_score.frontend.sound_features import Resampler, length_tolerance, sound_resampler
from ov_asr_score.text import printable_name, shown_key

if TYPE_CHECKING:  # few front ends have them
    from ov_asr_score.features.pitch.live import LivePitch
    from ov_asr_score.features.pitch.live_features import LivePitchFeatures

Rows = NDArray[np.float32]


class SoundRows(NamedTuple):
    """Rows that are final now: the features alone [t, D], of which i-vectors are made, and with pitch [t', D']."""

    plain: Rows
    pasted: Rows


class LiveSound:
    """The features of one utterance as ``compute_recording`` gives them, but pitch in Kaldi's online form.

    ``delays`` say for how many frames a row waits at most after the last sample of its frame, and what for.
    """

    def __init__(self, frontend: Frontend, rate: int, key: str) -> None:
        """Begin an utterance of ``rate`` samples a second.

        Raises UsageError (nothing to compute of sound, what must see the whole utterance), SoundFormatError (another
        rate than that of the options), MissingUtteranceError (no VTLN warp), MissingExtraError (no soxr).
        """
        recipe, pitch = frontend.features, frontend.pitch
        _refuse(frontend)
        self._key = key
        self._least_seconds = 0.0
        self._features: LiveFeatures | None = None
        self._pitch: LivePitch | LivePitchFeatures | None = None
        self._pasting: LivePasting | None = None
        self._largest = LARGEST_SAMPLE
        self._rate, self._num_samples = rate, 0
        if pitch is not None:
            from ov_asr_score.features.pitch.tracker import LARGEST_PITCH_SAMPLE

            wanted = pitch.recipe.extraction.sample_frequency
            self._pitch = _live_pitch(pitch)
            self._largest = LARGEST_PITCH_SAMPLE
        if recipe is not None:
            wanted = recipe.options.frame.sample_frequency
            self._least_seconds = recipe.utterance.min_duration
            warp = recipe.utterance.vtln_warp if frontend.warps is None else frontend.warps.of(key)
            self._features = LiveFeatures(recipe.options, warp, seed=dither_seed(key))
        if recipe is not None and pitch is not None:
            self._pasting = LivePasting(2, length_tolerance(pitch))
        self._resampler = sound_resampler(rate, wanted, frontend, key)
        self.delays = tuple(_delays(self._resampler, recipe, pitch))

    @property
    def seconds(self) -> float:
        """The length of the sound that was taken."""
        return self._num_samples / self._rate

    def accept(self, samples: ArrayLike) -> SoundRows:
        """The rows that ``samples`` [n] complete, which are on the scale of 16-bit integers.

        Raises SoundFormatError for what are no such numbers; nothing of the piece is taken then.
        """
        piece = self.checked(samples)
        self._num_samples += len(piece)
        if self._resampler is not None:
            piece = self._resampler.accept(piece)
        return self._advance(piece, is_last=False)

    def finish(self, samples: Rows) -> SoundRows:
        """The rest of the rows, with the last samples [n], which are ``checked``: no more sound is accepted.

        Raises SoundFormatError (less sound than ``min_duration``, pitch of another length than the features).
        """
        rest = samples
        self._num_samples += len(samples)
        if self._resampler is not None:
            rest = np.concatenate((self._resampler.accept(rest), self._resampler.finish()))
        if self.seconds < self._least_seconds:
            raise self._error(
                f"expected {self._least_seconds:g} seconds or more (min_duration), found {self.seconds:g}",
                "min_duration",
            )
        try:
            return self._advance(rest, is_last=True)
        except ShapeMismatchError as error:
            raise self._error(str(error), *error.fields) from error

    def _advance(self, samples: Rows, *, is_last: bool) -> SoundRows:
        parts: list[Rows] = []
        if self._features is not None:
            take = self._features.accept_checked if self._resampler is None else self._features.accept
            rows = take(samples)
            parts.append(np.concatenate((rows, self._features.finish())) if is_last else rows)
        if self._pitch is not None:
            parts.append(self._pitch.finish(samples) if is_last else self._pitch.accept(samples))
        if self._pasting is None:
            return SoundRows(parts[0], parts[0])
        pasted = self._pasting.accept(parts)
        if is_last:
            self._pasting.finish()
        return SoundRows(parts[0], pasted)

    def checked(self, samples: ArrayLike) -> Rows:
        """The samples [n] in single precision. Raises SoundFormatError for what are no samples."""
        try:
            with np.errstate(over="ignore"):
                piece = np.asarray(samples, np.float32)
        except (TypeError, ValueError) as error:
            raise self._error(f"expected an array of numbers, found something else ({error})") from error
        if piece.ndim != 1:
            raise self._error(f"expected samples of one channel, an array [N], found one of shape {piece.shape}")
        if len(piece) and not max(-piece.min(), piece.max()) <= self._largest:
            place = int(np.argmin(np.abs(piece) <= self._largest))
            raise self._error(
                f"sample {self._num_samples + place}: expected numbers on the scale of 16-bit integers, found "
                f"{piece[place]:g}; nothing of this piece is taken"
            )
        return piece

    def _error(self, text: str, *fields: str) -> SoundFormatError:
        return SoundFormatError(f"utterance {shown_key(self._key)}: {text}", fields=fields)


def _refuse(frontend: Frontend) -> None:
    """Raise UsageError where nothing is computed of sound, or only of the whole utterance."""
    recipe = frontend.features
    if frontend.wave is not None:
        raise UsageError(
            "feature_type wave: the model takes whole utterances, and sound comes in pieces", fields=("feature_type",)
        )
    if recipe is None and frontend.pitch is None:
        raise UsageError("feature_type: expected features to compute of sound, found none", fields=("feature_type",))
    if frontend.paste:
        raise UsageError(
            f"paste: {printable_name(frontend.paste[0])} has features of whole utterances, and sound that comes in "
            "pieces has none there",
            fields=("paste",),
        )
    if recipe is not None and recipe.utterance.subtract_mean:
        raise UsageError(
            "subtract_mean: the mean is not known before the utterance ends; use cmvn online or sliding",
            fields=("subtract_mean", "cmvn"),
        )


def _live_pitch(pitch: PitchColumns) -> LivePitch | LivePitchFeatures:
    from ov_asr_score.features.pitch.live import LivePitch
    from ov_asr_score.features.pitch.live_features import LivePitchFeatures

    recipe = pitch.recipe
    if pitch.is_processed:
        return LivePitchFeatures(recipe.extraction, recipe.processing)
    return LivePitch(recipe.extraction, keeps_track=False)


def _delays(
    resampler: Resampler | None, recipe: FeatureRecipe | None, pitch: PitchColumns | None
) -> Iterator[tuple[str, int]]:
    """What rows wait for, with numbers of frames."""
    if recipe is not None:
        shift, length = recipe.options.frame.frame_shift, recipe.options.frame.frame_length
    elif pitch is not None:
        shift, length = pitch.recipe.extraction.frame_shift, pitch.recipe.extraction.frame_length
    if resampler is not None:
        yield "resampling", ceil(1000 * resampler.lookahead / shift)
    if pitch is not None:
        options = pitch.recipe.extraction
        yield "pitch", ceil((1000 * options.lookahead - length) / shift) + options.max_frames_latency
        if options.frames_per_chunk:
            yield "chunks of pitch", options.frames_per_chunk
        processing = pitch.recipe.processing
        waits = max(0, processing.normalization_right_context - processing.delay)
        if pitch.is_processed and waits:
            yield "normalization of pitch", waits
