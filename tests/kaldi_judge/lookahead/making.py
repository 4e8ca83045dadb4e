"""The case of every number, the same for the same seed: a lookahead pair, scores, limits, and pieces."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np

from ov_asr_score.kaldi_io import TableWriter
from ov_asr_score.kaldi_model.transitions import TransitionModel, load_transitions
from ov_asr_score.settings.words.decoding import DecodingOptions
from tests.kaldi_judge.decoding.graphs import Graph
from tests.kaldi_judge.decoding.utterances import Scores, random_scores
from tests.kaldi_judge.lookahead.language_models import random_language_model
from tests.kaldi_judge.lookahead.lexicons import MOST_DISAMBIGUATION, random_lexicon, without_symbols
from tests.places import ROOT

KINDS = ("const", "vector", "ngram")
"""Types of the second half; but for ``ngram`` it backs off by a symbol of its own, #0."""

MODEL = ROOT / "models/chain_ivector/final.mdl"
PASSING = "passing.mdl"
_UTTERANCES = (*("path",) * 10, "noise", "flat", "-inf", "one frame")


@dataclass(frozen=True, slots=True)
class Case:
    """A folder with the pair, its disambiguation symbols, and scores.ark; what both sides are asked."""

    kind: str
    folder: Path
    utterances: Mapping[str, Scores]
    options: DecodingOptions
    kaldi_options: Sequence[str]
    piece: int  # rows that our search gets at once; 0: all of them
    text: str

    @property
    def scale(self) -> float:
        """Of scores."""
        return self.options.decoding_scale or 1.0


@cache
def transitions() -> TransitionModel:
    """Those of the model of all cases."""
    return load_transitions(MODEL)


def random_case(kinds: Sequence[str], seed: int, number: int, folder: Path) -> Case:
    """The case of that number among those of these kinds, with its files in ``folder``, by OpenFst's programs."""
    chance = np.random.default_rng((seed, number))
    kind = kinds[number % len(kinds)]
    folder.mkdir(parents=True)
    num_words = int(chance.choice((1, 3, 10, 40, 150)))
    order = int(chance.choice((2, 3, 3, 4) if kind == "ngram" else (1, 2, 3, 4)))
    backoff = num_words + 1 if kind != "ngram" or chance.random() < 0.5 else None
    lexicon = random_lexicon(chance, transitions(), num_words, backoff)
    model = random_language_model(chance, num_words, order, None if kind == "ngram" else backoff)
    write_pair(folder, lexicon, model, kind)
    utterances, texts = {}, []
    spoken = without_symbols(lexicon, transitions())
    for index in range(int(chance.integers(4, 9))):
        text, utterances[f"u{index}"] = random_scores(chance, spoken, transitions(), _UTTERANCES)
        texts.append(f"u{index} {text}")
    with TableWriter(f"ark:{folder / 'scores.ark'}") as writer:
        for key, scores in utterances.items():
            writer.write(key, scores)
    options, kaldi_options = _random_limits(chance)
    return Case(
        kind=kind,
        folder=folder,
        utterances=MappingProxyType(utterances),
        options=options,
        kaldi_options=kaldi_options,
        piece=int(chance.choice((0, 0, 1, 3, 8))),
        text=f"{lexicon.text}, {kind}, order {order}, {len(model)} lines; {', '.join(texts)}",
    )


def _random_limits(chance: np.random.Generator) -> tuple[DecodingOptions, list[str]]:
    beam = float(chance.choice((2.0, 5.0, 8.0, 11.0, 13.0, 16.0, 25.0)))
    lattice_beam = min(beam, float(chance.choice((0.5, 2.0, 4.0, 8.0))))
    most = int(chance.choice((5, 20, 100, 7000, 7000)))
    least = min(int(chance.choice((0, 1, 5, 20, 200))), most - 1)
    interval = int(chance.choice((25, 25, 1, 5)))
    scale = float(chance.choice((1.0, 1.0, 0.3, 0.1)))
    partial = bool(chance.random() < 0.5)
    options = DecodingOptions(
        beam=beam,
        lattice_beam=lattice_beam,
        max_active=most,
        min_active=least,
        prune_interval=interval,
        decoding_scale=scale,
        allow_partial=partial,
    )
    return options, [
        *(f"--beam={beam}", f"--lattice-beam={lattice_beam}", f"--max-active={most}", f"--min-active={least}"),
        *(f"--prune-interval={interval}", f"--acoustic-scale={scale}", f"--allow-partial={str(partial).lower()}"),
    ]


def write_pair(folder: Path, lexicon: Graph, model: Sequence[str], kind: str) -> None:
    """Write HCLr.fst, Gr.fst and disambig_tid.int as mkgraph_lookahead.sh does, with OpenFst's programs."""
    lines = [f"{a.source}\t{a.target}\t{a.transition_id}\t{a.word}\t{a.weight:.6g}" for a in lexicon.arcs]
    lines.sort(key=lambda line: line.split("\t")[0] != "0")  # the first state is the start
    lines += [f"{state}\t{cost}" for state, cost in lexicon.finals.items()]
    _compiled(folder, "lexicon", lines)
    _shell(
        folder,
        "fstarcsort --sort_type=olabel lexicon.fst | "
        "fstconvert --fst_type=olabel_lookahead --save_relabel_opairs=relabel - HCLr.fst",
    )
    _compiled(folder, "model", list(model))
    both = " --relabel_opairs=relabel" if kind == "ngram" else ""
    _shell(
        folder,
        f"fstrelabel --relabel_ipairs=relabel{both} model.fst | fstarcsort --sort_type=ilabel | "
        f"fstconvert --fst_type={kind} - Gr.fst",
    )
    first = transitions().num_transition_ids + 1
    symbols = range(first, first + 1 + MOST_DISAMBIGUATION)
    (folder / "disambig_tid.int").write_text("".join(f"{symbol}\n" for symbol in symbols))


def _compiled(folder: Path, name: str, lines: Sequence[str]) -> None:
    (folder / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines))
    _shell(folder, f"fstcompile {name}.txt {name}.fst")


def _shell(folder: Path, command: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], check=False, cwd=folder, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stderr.strip()}")
