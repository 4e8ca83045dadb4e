"""How much frames of silence count in i-vectors.

Tests: tests/decoding/test_silence_weighting.py
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SilenceWeightingOptions:
    """Weights of frames in i-vectors by what the search takes for silence; without silence phones, all weigh the same.

    Source: online2/online-ivector-feature.h, OnlineSilenceWeightingConfig.
    """

    silence_phones: tuple[int, ...] = ()
    silence_weight: float = 1.0
    max_state_duration: float = -1.0

    @property
    def is_active(self) -> bool:
        """Whether anything but 1 is a weight."""
        return bool(self.silence_phones) and self.silence_weight != 1.0
