"""What is computed for every utterance, resolved from settings and files.

Tests: tests/frontend/test_opening.py, tests/frontend/test_reading.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

from ov_asr_score.errors import MissingUtteranceError, ShapeMismatchError
from ov_asr_score.features.options import FeatureRecipe
from ov_asr_score.settings.speech.sound import SoundSettings
from ov_asr_score.text import shown_key

if TYPE_CHECKING:  # most front ends lack some of them
    from ov_asr_score.features.pitch.options import PitchRecipe
    from ov_asr_score.features.steps.feature_chain import FeatureChain
    from ov_asr_score.features.wave_input import WaveRecipe
    from ov_asr_score.ivector.extractor import Extractor


@dataclass(frozen=True, slots=True, eq=False)
class PitchColumns:
    """Pitch, as it is found or processed."""

    recipe: PitchRecipe
    is_processed: bool


@dataclass(frozen=True, slots=True, eq=False)
class Warps:
    """VTLN warps by utterance, or by speaker where ``speakers`` says who speaks; ``name`` is their table."""

    name: str
    warps: Mapping[str, float]
    speakers: Mapping[str, str] | None

    def of(self, key: str) -> float:
        """The warp of an utterance. Raises MissingUtteranceError."""
        wanted = key if self.speakers is None else self.speakers.get(key)
        if wanted is None or wanted not in self.warps:
            whose = "speaker" if wanted is None else "warp"
            raise MissingUtteranceError(f"{self.name}: expected the {whose} of utterance {shown_key(key)}, found none")
        return self.warps[wanted]


@dataclass(frozen=True, slots=True, eq=False)
class IvectorRecipe:
    """Online i-vectors from an extractor; ``name`` is the file or folder that was named.

    ``speakers`` are speakers with their utterances, in the order in which their state is carried on; None: every
    utterance begins anew. ``frame_weight`` is what each frame counts.
    """

    name: str
    extractor: Extractor
    speakers: Mapping[str, tuple[str, ...]] | None
    frame_weight: float = 1.0

    @property
    def period(self) -> int:
        """Frames from an i-vector to the next."""
        return self.extractor.options.ivector_period


@dataclass(frozen=True, slots=True, eq=False)
class Frontend:
    """Sound, or features, to what a model takes.

    ``features`` None: nothing but pitch is computed of sound, or features are there already. ``paste`` are tables whose
    columns come behind these. ``wave``: samples go to the model, and nothing is computed. ``notes`` are what a user
    should know.
    """

    sound: SoundSettings
    features: FeatureRecipe | None = None
    pitch: PitchColumns | None = None
    warps: Warps | None = None
    paste: tuple[str, ...] = ()
    paste_tolerance: int = 0
    chain: FeatureChain | None = None
    ivectors: IvectorRecipe | None = None
    wave: WaveRecipe | None = None
    notes: tuple[str, ...] = ()

    @property
    def carries_on(self) -> bool:
        """Whether what comes of an utterance may depend on those before it."""
        return self.chain is not None or (self.ivectors is not None and self.ivectors.speakers is not None)

    @property
    def frame_shift_seconds(self) -> float | None:
        """From the start of a frame to the next, where frames are computed."""
        if self.features is not None:
            return self.features.options.frame.frame_shift / 1000
        return None if self.pitch is None else self.pitch.recipe.extraction.frame_shift / 1000

    @property
    def sample_rate(self) -> float | None:
        """Samples per second of the sound that frames are computed of."""
        if self.features is not None:
            return self.features.options.frame.sample_frequency
        return None if self.pitch is None else self.pitch.recipe.extraction.sample_frequency


def columns_for_ivectors(recipe: IvectorRecipe, plain: int, pasted: int) -> int:
    """How many columns of the features are for i-vectors: ``plain``, those before pitch, or ``pasted``, all.

    Raises ShapeMismatchError if the extractor takes neither. Kaldi extracts i-vectors without pitch
    (online2/online-nnet2-feature-pipeline.cc).
    """
    wanted = recipe.extractor.feature_dim
    if wanted not in (plain, pasted):
        found = str(plain) if plain == pasted else f"{plain}, and {pasted} with pitch"
        raise ShapeMismatchError(
            f"expected features of {wanted} columns, as {recipe.extractor.source} takes, found {found}"
        )
    return wanted


def dither_seed(key: str) -> int:
    """The seed of an utterance: each has noise of its own, the same in every run."""
    return crc32(key.encode("utf-8", "surrogateescape"))
