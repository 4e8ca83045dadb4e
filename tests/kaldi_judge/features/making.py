"""The case of every number, the same for the same seed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.kaldi_judge.features.ivector_cases import ivector_case
from tests.kaldi_judge.features.options import COMPUTATION
from tests.kaldi_judge.features.running import Case
from tests.kaldi_judge.features.score_cases import score_case
from tests.kaldi_judge.features.sound_cases import computation_case
from tests.kaldi_judge.features.step_cases import step_case

KINDS = (*COMPUTATION, "pitch", "steps", "ivectors", "scores")
_OTHERS = {"steps": step_case, "ivectors": ivector_case, "scores": score_case}


def random_case(kinds: Sequence[str], seed: int, number: int, folder: Path) -> Case:
    """The case of that number among those of these kinds, with its files below ``folder``."""
    chance = np.random.default_rng((seed, number))
    for side in ("kaldi", "ours"):
        (folder / side).mkdir(parents=True)
    kind = kinds[number % len(kinds)]
    return _OTHERS[kind](folder, chance) if kind in _OTHERS else computation_case(kind, folder, chance)
