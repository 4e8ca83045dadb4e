"""A transition model in which phone ``p`` is left with transition-id ``2 p - 1`` and stays with ``2 p``.

As in chain models, each phone has one state that consumes frames, so that a phone is its first transition and loops.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ov_asr_score.kaldi_model.reading.topology import HmmState, Topology
from ov_asr_score.kaldi_model.transitions import TransitionModel, load_transitions
from ov_asr_score.lattice.word_boundary import PhonePosition, WordBoundary
from tests.places import ROOT

LATTICES = ROOT / "tests/kaldi_speech/lattices"
SETS = ("chain", "tri", "wide")
NUM_PHONES = 6

# Phone 1 is silence, 2 a word of its own, 3 begins words, 4 stands inside, 5 ends them; 6 has no position.
BOUNDARY = WordBoundary(
    {
        1: PhonePosition.NONWORD,
        2: PhonePosition.SINGLETON,
        3: PhonePosition.BEGIN,
        4: PhonePosition.INTERNAL,
        5: PhonePosition.END,
    },
    "toy.int",
)


def toy_transitions() -> TransitionModel:
    """The transition model of ``NUM_PHONES`` phones."""
    phones = np.repeat(np.arange(1, NUM_PHONES + 1), 2)
    is_loop = np.tile([False, True], NUM_PHONES)
    entry = (HmmState(0, 1, ((0, 0.5), (1, 0.5))), HmmState(-1, -1, ()))
    return TransitionModel(
        pdfs=np.concatenate([[-1], phones]).astype(np.int32),
        phones=np.concatenate([[-1], phones]).astype(np.int32),
        hmm_states=np.concatenate([[-1], np.zeros(2 * NUM_PHONES)]).astype(np.int32),
        transition_states=np.concatenate([[-1], phones]).astype(np.int32),
        is_self_loop=np.concatenate([[False], is_loop]),
        is_final=np.concatenate([[False], ~is_loop]),
        log_probs=np.zeros(2 * NUM_PHONES + 1, np.float32),
        num_pdfs=NUM_PHONES + 1,
        topology=Topology(np.arange(1, NUM_PHONES + 1, dtype=np.int32), np.array([-1, *[0] * NUM_PHONES]), (entry,)),
        source="toy.mdl",
    )


def ids_of(*phones: int, loops: int = 1) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """The transition-ids of phones with so many loops, reordered."""
    return np.array([number for phone in phones for number in (2 * phone - 1, *[2 * phone] * loops)], np.int32)


def model_of(name: str) -> TransitionModel:
    """The transition model of one of ``SETS``."""
    folder = "nnet3_tdnn" if name == "tri" else "nnet3_chain_tdnnf"
    return load_transitions(ROOT / "models" / folder / "final.mdl")


def int_table(path: Path) -> dict[str, np.ndarray[tuple[int], np.dtype[np.int32]]]:
    """The vector of every key of a text archive of integers."""
    lines = [line.split() for line in path.read_text().splitlines()]
    return {key: np.array(numbers, np.int32) for key, *numbers in lines}
