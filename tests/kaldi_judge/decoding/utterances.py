"""Random scores: sharp and flat ones along paths of a graph, noise, and what no model should give."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.kaldi_model.transitions import TransitionModel
from tests.kaldi_judge.decoding.graphs import Graph, walk

Scores = NDArray[np.float32]

KINDS = (*("path",) * 10, "noise", "flat", "-inf", "one frame", "no frames")
RISKY_KINDS = ("-inf frame", "huge", "nan", "+inf")
"""At which Kaldi may end, or never end."""

_MOST = 25  # frames


def random_scores(
    chance: np.random.Generator, graph: Graph, transitions: TransitionModel, kinds: Sequence[str] = KINDS
) -> tuple[str, Scores]:
    """Scores [T, pdfs], and what they are: of one of the ``kinds``."""
    kind = str(chance.choice(kinds))
    width = transitions.num_pdfs
    pdfs = transitions.pdfs[walk(graph, chance, _MOST)]
    sharpness = float(chance.choice((0.3, 1.0, 3.0, 10.0, 30.0)))
    scores = chance.standard_normal((len(pdfs), width)) - 2
    scores[np.arange(len(pdfs)), pdfs] += sharpness
    if kind == "path":
        return f"path {sharpness:g}", scores.astype(np.float32)
    if kind == "noise":
        frames = int(chance.integers(1, _MOST))
        return kind, (chance.standard_normal((frames, width)) * sharpness).astype(np.float32)
    if kind == "flat":
        return kind, np.full((int(chance.integers(1, 15)), width), chance.choice((0.0, -1.0, 3.5)), np.float32)
    if kind == "-inf":
        scores[chance.random(scores.shape) < chance.choice((0.02, 0.3))] = -np.inf
    elif kind == "-inf frame":
        scores[int(chance.integers(len(scores)))] = -np.inf
    elif kind == "huge":
        scores *= float(chance.choice((1e3, 1e5, 1e10, 1e30)))
    elif kind in ("nan", "+inf"):
        place = tuple(map(int, chance.integers(0, scores.shape)))
        scores[place] = np.nan if kind == "nan" else np.inf
    elif kind == "one frame":
        scores = scores[:1]
    else:
        scores = scores[:0]
    return kind, scores.astype(np.float32)
