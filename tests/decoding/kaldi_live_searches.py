"""What Kaldi's search knows after each piece of scores: `tests/kaldi_speech/live_search`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.endpointing import silence_transitions
from ov_asr_score.decoding.token_passing.search_graph import SearchGraph, plain_graph
from ov_asr_score.fst.graph_file import open_graph
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.kaldi_model.transitions import TransitionModel, load_transitions
from tests.places import ROOT

FOLDER = ROOT / "tests/kaldi_speech/live_search"
MODEL = ROOT / "models/chain_ivector"
SILENCE_PHONES = tuple(range(1, 11))


@dataclass(frozen=True)
class Step:
    """What is known after a piece; rows count from the first one of the sound, rule 0 is none."""

    key: str
    frames_ready: int
    rows: int
    trailing_silence: int
    relative_cost: float
    rule: int
    words: list[int]
    weights: list[tuple[int, float]]


def steps(name: str, folder: Path = FOLDER) -> list[Step]:
    found: list[Step] = []
    for line in (folder / f"{name}.trace").read_text().splitlines():
        key, *rest = line.split()
        if key == "weights":
            found[-1].weights.extend((int(frame), float(change)) for frame, change in (x.split(":") for x in rest))
            continue
        _, ready, rows, silence, cost, rule, *words = rest
        found.append(Step(key, int(ready), int(rows), int(silence), float(cost), int(rule), [*map(int, words)], []))
    return found


@cache
def transitions() -> TransitionModel:
    return load_transitions(MODEL / "final.mdl")


@cache
def whole_graph() -> SearchGraph:
    fst = open_graph(MODEL / "graph/HCLG.fst").fst
    return plain_graph("HCLG.fst", fst, transitions().pdfs, transitions().num_pdfs)


@cache
def scores() -> dict[str, NDArray[np.float32]]:
    return dict(read_table(f"ark:{ROOT / 'data/speech/kaldi_scores.ark'}"))


def joined_scores() -> NDArray[np.float32]:
    return np.concatenate(list(scores().values()))


def is_silence() -> NDArray[np.bool_]:
    return silence_transitions(transitions(), SILENCE_PHONES)
