"""The case of every number, the same for the same seed: a graph, scores, options, and the commands of both sides."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np

from ov_asr_score.kaldi_io import TableWriter
from ov_asr_score.kaldi_model.transitions import TransitionModel, load_transitions
from ov_asr_score.settings.words.decoding import MIN_ACTIVE
from tests.kaldi_judge.decoding.graphs import Graph, changed_graph, spelled_graph, wild_graph, write_graph
from tests.kaldi_judge.decoding.utterances import KINDS as UTTERANCES
from tests.kaldi_judge.decoding.utterances import RISKY_KINDS, Scores, random_scores
from tests.places import ROOT

KINDS = ("best path", "lattice")
"""The search for the best path beside decode-faster-mapped, and that for lattices beside latgen-faster-mapped."""

_MODELS = {"chain": "chain_ivector", "hybrid": "nnet3_tdnn"}
_GRAPHS = {"chain": ROOT / "data/speech/graph/HCLG.fst", "hybrid": ROOT / "tests/kaldi_speech/decoding/HCLG_tri.fst"}
_BOUNDARY = ROOT / "data/speech/graph/phones/word_boundary.int"
MOST_WORDS = 40
NUM_BEST = 5


@dataclass(frozen=True, slots=True)
class Case:
    """A folder with ``kaldi/`` and ``ours/``, in which the commands run, and what both are asked."""

    kind: str
    folder: Path
    utterances: Mapping[str, Scores]
    scale: float
    frame_seconds: float  # of a row of scores
    penalty: float
    lattice_beam: float  # at most the beam; 0 for the best path
    kaldi_options: Sequence[str]
    our_options: Sequence[str]
    has_times: bool
    loops_after: bool  # of the transition that leaves their state
    text: str

    @property
    def has_lattices(self) -> bool:
        """Whether the search is that for lattices."""
        return self.kind != "best path"


@cache
def _transitions(name: str) -> TransitionModel:
    return load_transitions(ROOT / "models" / _MODELS[name] / "final.mdl")


def random_case(kinds: Sequence[str], seed: int, number: int, folder: Path) -> Case:
    """The case of that number among those of these kinds, with its files below ``folder``."""
    chance = np.random.default_rng((seed, number))
    kind = kinds[number % len(kinds)]
    model = str(chance.choice(("chain", "chain", "hybrid")))
    transitions = _transitions(model)
    graph = _random_graph(chance, model, transitions)
    utterances, texts = {}, []
    count = int(chance.integers(4, 12))
    for index in range(count):
        kinds = RISKY_KINDS if index == count - 1 and chance.random() < 0.25 else UTTERANCES
        text, scores = random_scores(chance, graph, transitions, kinds)
        utterances[f"u{index}"] = scores
        texts.append(f"u{index} {text}")
    penalty = float(chance.choice((0.0, 0.0, 0.0, 1.0, -0.5)))
    _write_files(folder, chance, graph, model, utterances, penalty)
    scale = float(chance.choice((1.0, 1.0, 0.3, 0.1)))
    beam = float(chance.choice((0.5, 2.0, 5.0, 8.0, 11.0, 13.0, 16.0, 25.0)))
    ours, theirs = _common_options(chance, beam, scale)
    lattice_beam = 0.0
    if kind == "best path":
        _add_best_path_options(chance, ours, theirs)
    else:
        lattice_beam = _add_lattice_options(chance, graph, beam, ours, theirs)
    return Case(
        kind=kind,
        folder=folder,
        utterances=MappingProxyType(utterances),
        scale=scale,
        frame_seconds=0.03 if model == "chain" else 0.01,
        penalty=penalty,
        lattice_beam=lattice_beam,
        kaldi_options=theirs,
        our_options=[
            *("-m", "final.mdl", "--graph", "HCLG.fst", "--words", "words.txt", *ours),
            *(["--word-boundary", "word_boundary.int"] if graph.has_words_of_phones else []),
            f"--frame-subsampling-factor={3 if model == 'chain' else 1}",
            *([f"--word-insertion-penalty={penalty}"] if penalty else []),
        ],
        has_times=graph.has_words_of_phones,
        loops_after=graph.loops_after,
        text=f"{model}, {graph.text}, penalty {penalty:g}; {', '.join(texts)}",
    )


def _random_graph(chance: np.random.Generator, model: str, transitions: TransitionModel) -> Graph:
    kind = int(chance.integers(5))
    if kind < 2:
        return spelled_graph(chance, transitions)
    if kind < 4:
        return changed_graph(chance, _GRAPHS[model])
    return wild_graph(chance, transitions)


def _write_files(
    folder: Path,
    chance: np.random.Generator,
    graph: Graph,
    model: str,
    utterances: Mapping[str, Scores],
    penalty: float,
) -> None:
    """The files of both sides; Kaldi's graph has the penalty of words in its weights."""
    kind = str(chance.choice(("const", "vector")))
    for side in ("kaldi", "ours"):
        at = folder / side
        at.mkdir(parents=True)
        write_graph(graph.with_penalty(penalty if side == "kaldi" else 0.0), at / "HCLG.fst", kind)
        shutil.copy(ROOT / "models" / _MODELS[model] / "final.mdl", at)
        shutil.copy(_BOUNDARY, at)
        (at / "words.txt").write_text("<eps> 0\n" + "".join(f"{word} {word}\n" for word in range(1, MOST_WORDS)))
        with TableWriter(f"ark:{at / 'scores.ark'}") as writer:
            for key, scores in utterances.items():
                writer.write(key, scores)


def _common_options(chance: np.random.Generator, beam: float, scale: float) -> tuple[list[str], list[str]]:
    partial = str(chance.choice(("true", "false")))
    both = [f"--beam={beam}", f"--acoustic-scale={scale}", f"--allow-partial={partial}"]
    return list(both), list(both)


def _add_best_path_options(chance: np.random.Generator, ours: list[str], theirs: list[str]) -> None:
    most = int(chance.choice((2, 5, 20, 100, 7000)))
    least = min(int(chance.choice((0, 1, 5, 20, 200))), most - 1)
    more = [f"--min-active={least}", f"--max-active={most}"]
    if chance.random() < 0.2:
        more.append(f"--beam-delta={float(chance.choice((0.1, 0.5, 3.0)))}")
    if chance.random() < 0.2:
        more.append(f"--hash-ratio={float(chance.choice((1.0, 2.0, 4.0)))}")
    ours += more
    theirs += more


def _add_lattice_options(
    chance: np.random.Generator, graph: Graph, beam: float, ours: list[str], theirs: list[str]
) -> float:
    lattice_beam = min(beam, float(chance.choice((0.5, 2.0, 4.0, 8.0))))
    more = [f"--lattice-beam={lattice_beam}"]
    if chance.random() < 0.3:
        more.append(f"--prune-interval={int(chance.choice((1, 5, 25, 100)))}")
    ours += more
    theirs += more
    if graph.num_states > MIN_ACTIVE:  # which keep less than Kaldi's default does
        theirs.append("--min-active=0")
    return lattice_beam
