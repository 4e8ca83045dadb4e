"""What Kaldi's programs made of the features in post/base.ark, and rows in pieces of any size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.features.steps.live_step import LiveStep
from ov_asr_score.kaldi_io import read_table, read_token_table

FEATURES = Path(__file__).parents[2] / "kaldi_speech" / "features"
UTT2SPK = read_token_table(str(FEATURES / "utt2spk"))

Table = dict[str, NDArray[Any]]


def table(name: str) -> Table:
    """The arrays of an archive by key; ``name`` is relative to the folder of features."""
    return dict(read_table(f"ark:{FEATURES / name}", wants_matrices=True))


BASE = table("post/base.ark")


def assert_same(made: Table, name: str, tolerance: float = 1e-6) -> None:
    """That there are the same keys as in post/NAME.ark, with values that differ by ``tolerance`` of the value or 1."""
    kaldi = table(f"post/{name}.ark")
    assert list(made) == list(kaldi)
    for key, expected in kaldi.items():
        assert made[key].dtype == np.float32 and made[key].shape == expected.shape, key
        np.testing.assert_allclose(made[key], expected, tolerance, tolerance, err_msg=key)


def in_pieces(step: LiveStep, rows: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """What a live step makes of rows that come in pieces of random sizes, some of them empty."""
    random = np.random.default_rng(seed)
    cuts = np.sort(random.integers(0, len(rows) + 1, random.integers(0, 2 + len(rows) // 2)))
    made = [step.accept(piece) for piece in np.split(rows, cuts)]
    made.append(step.finish())
    return np.concatenate([piece for piece in made if len(piece)] or made[:1])
