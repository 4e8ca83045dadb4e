"""The case of every number, the same for the same seed: a graph, scores, options, and the commands of both sides."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np

from ov_asr_score.fst.symbols import read_symbols
from ov_asr_score.kaldi_io import TableWriter, read_table
from ov_asr_score.kaldi_model.transitions import TransitionModel, load_transitions
from tests.kaldi_judge.decoding.graphs import Graph, changed_graph, spelled_graph, wild_graph, write_graph
from tests.kaldi_judge.decoding.utterances import KINDS as UTTERANCES
from tests.kaldi_judge.decoding.utterances import RISKY_KINDS, Scores, random_scores
from tests.places import ROOT

KINDS = ("best path", "lattice")
"""The search for the best path beside decode-faster-mapped, and that for lattices beside latgen-faster-mapped."""

_MODELS = {"chain": "chain_ivector", "hybrid": "nnet3_tdnn"}
_GRAPHS = {
    "chain": ROOT / "models/chain_ivector/graph/HCLG.fst",
    "hybrid": ROOT / "tests/kaldi_speech/decoding/HCLG_tri.fst",
}
_BOUNDARY = ROOT / "models/chain_ivector/graph/phones/word_boundary.int"
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
    text: str
    penalty: float = 0.0
    lattice_beam: float = 0.0  # at most the beam; 0 for the best path
    kaldi_options: Sequence[str] = ()
    our_options: Sequence[str] = ()
    has_times: bool = False
    loops_after: bool = True  # loops follow the transition that leaves their state

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
    ours = ["--word-boundary", "word_boundary.int"] if graph.has_words_of_phones else []
    ours += [f"--word-insertion-penalty={penalty}"] if penalty else []
    case = Case(
        kind=kind,
        folder=folder,
        utterances=MappingProxyType(utterances),
        scale=float(chance.choice((1.0, 1.0, 0.3, 0.1))),
        frame_seconds=0.03 if model == "chain" else 0.01,
        penalty=penalty,
        our_options=ours,
        has_times=graph.has_words_of_phones,
        loops_after=graph.loops_after,
        text=f"{model}, {graph.text}, penalty {penalty:g}; {', '.join(texts)}",
    )
    return _with_options(case, chance)


@dataclass(frozen=True, slots=True)
class Given:
    """Files of a decoding that is given; ``scores`` are an archive."""

    model: Path
    graph: Path
    words: Path
    scores: Path


def given_case(given: Given, kind: str, seed: int, number: int, folder: Path) -> Case:
    """The case of that number: some of the utterances, with noise or cut."""
    chance = np.random.default_rng((seed, number))
    scores = dict(read_table(f"ark:{given.scores}"))
    noise = float(chance.choice((0.0, 0.0, 1.0, 4.0)))
    is_cut = chance.random() < 0.3
    utterances = {}
    for key in sorted(map(str, chance.permutation(list(scores))[:10])):
        end = int(chance.integers(1, len(scores[key]) + 1)) if is_cut else len(scores[key])
        rows = scores[key][:end]
        utterances[key] = (rows + noise * chance.standard_normal(rows.shape)).astype(np.float32)
    for side in ("kaldi", "ours"):
        at = folder / side
        at.mkdir(parents=True)
        (at / "HCLG.fst").symlink_to(given.graph.resolve())
        (at / "final.mdl").symlink_to(given.model.resolve())
        numbers = sorted(read_symbols(given.words).ids.tolist())
        (at / "words.txt").write_text("".join(f"{number or '<eps>'} {number}\n" for number in numbers))
        _write_scores(at, utterances)
    case = Case(
        kind=kind,
        folder=folder,
        utterances=MappingProxyType(utterances),
        scale=float(chance.choice((1.0, 1.0, 0.3, 0.1))),
        frame_seconds=0.03,
        text=f"{given.graph}, noise {noise:g}{', cut' if is_cut else ''}",
    )
    return _with_options(case, chance)


def _with_options(case: Case, chance: np.random.Generator) -> Case:
    """The case with options of the search."""
    beam = float(chance.choice((0.5, 2.0, 5.0, 8.0, 11.0, 13.0, 16.0, 25.0)))
    partial = str(chance.choice(("true", "false")))
    both = [f"--beam={beam}", f"--acoustic-scale={case.scale}", f"--allow-partial={partial}"]
    lattice_beam = 0.0
    if case.has_lattices:
        lattice_beam = min(beam, float(chance.choice((0.5, 2.0, 4.0, 8.0))))
        both.append(f"--lattice-beam={lattice_beam}")
        if chance.random() < 0.3:
            both.append(f"--prune-interval={int(chance.choice((1, 5, 25, 100)))}")
    if not case.has_lattices or chance.random() < 0.7:
        most = int(chance.choice((2, 5, 20, 100, 7000)))
        both += [f"--max-active={most}", f"--min-active={min(int(chance.choice((0, 1, 5, 20, 200))), most - 1)}"]
        if chance.random() < 0.2:
            both.append(f"--beam-delta={float(chance.choice((0.1, 0.5, 3.0)))}")
        if not case.has_lattices and chance.random() < 0.2:
            both.append(f"--hash-ratio={float(chance.choice((1.0, 2.0, 4.0)))}")
    files = ["-m", "final.mdl", "--graph", "HCLG.fst", "--words", "words.txt"]
    factor = f"--frame-subsampling-factor={round(case.frame_seconds / 0.01)}"
    return replace(
        case,
        lattice_beam=lattice_beam,
        kaldi_options=both,
        our_options=[*files, *both, factor, *case.our_options],
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
        _write_scores(at, utterances)


def _write_scores(at: Path, utterances: Mapping[str, Scores]) -> None:
    with TableWriter(f"ark:{at / 'scores.ark'}") as writer:
        for key, scores in utterances.items():
            writer.write(key, scores)
