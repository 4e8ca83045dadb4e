"""Random searches by Kaldi's decoders and by ours, and whether both find the same."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.decoded import Decoded
from ov_asr_score.decoding.graph import DecodingGraph, make_graph
from ov_asr_score.decoding.search import decode
from ov_asr_score.fst.graph_file import open_graph
from ov_asr_score.kaldi_io import TableWriter
from ov_asr_score.kaldi_model.transitions import load_transitions
from ov_asr_score.settings.words.decoding import MIN_ACTIVE, DecodingOptions

Scores = dict[str, NDArray[np.float32]]
Program = Literal["decode-faster-mapped", "latgen-faster-mapped"]

VERDICTS = ("equal", "same cost", "ours is better", "Kaldi's is better", "none by both", "none by Kaldi", "none by us")
SAME_COST = 2e-3
"""Costs of utterances that count as a tie: Kaldi's are sums of float32."""

_KEYS_OF_COSTS = re.compile(r"Log-like per frame for utterance (\S+) is (\S+) over (\d+) frames")


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """What is decoded."""

    model: Path
    path: Path  # of the graph
    graph: DecodingGraph


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found for an utterance."""

    words: list[int]
    alignment: list[int]
    cost: float  # with the acoustic scale


def open_subject(model: Path, path: Path) -> Subject:
    """The graph of a model for both."""
    transitions = load_transitions(model)
    graph = make_graph(str(path), open_graph(path).fst, transitions.pdfs, transitions.num_pdfs)
    return Subject(model, path, graph)


def random_options(random: np.random.Generator, scales: Iterable[float], for_lattice: bool) -> DecodingOptions:
    """Options of a search that has few or many paths."""
    most = least = None
    if not for_lattice:
        most = [None, 7000, 500, 60, 12][random.integers(5)]
        least = [None, 200, 20, 5, 0][random.integers(5)]
        if most is not None:
            least = min(least or 0, most - 1)
    return DecodingOptions(
        beam=float(np.round(random.uniform(3, 16), 3)),
        max_active=most,
        min_active=least,
        lattice_beam=float(np.round(random.uniform(1, 10), 3)) if for_lattice else None,
        decoding_scale=float(random.choice(list(scales))),
        allow_partial=bool(random.integers(2)),
    )


def random_scores(random: np.random.Generator, scores: Scores) -> Scores:
    """The scores with noise, or cut."""
    noise = [0.0, 0.0, 1.0, 4.0][random.integers(4)]
    is_cut = random.random() < 0.3
    found = {}
    for key, values in scores.items():
        end = int(random.integers(1, len(values) + 1)) if is_cut else len(values)
        found[key] = (values[:end] + noise * random.standard_normal((end, values.shape[1]))).astype(np.float32)
    return found


def kaldis(
    folder: Path, program: Program, subject: Subject, options: DecodingOptions, scores: Scores
) -> dict[str, Found]:
    """What one of Kaldi's decoders finds, from files in the working folder."""
    with TableWriter("ark:scores.ark") as writer:
        for key, values in scores.items():
            writer.write(key, values)
    command = [str(folder / program), f"--beam={options.beam}", f"--acoustic-scale={options.decoding_scale}"]
    command.append(f"--allow-partial={str(options.allow_partial).lower()}")
    if options.max_active is not None:
        command.append(f"--max-active={options.max_active}")
    least = 0 if options.lattice_beam is not None else options.min_active
    command.append(f"--min-active={MIN_ACTIVE if least is None else least}")
    if options.lattice_beam is not None:
        # the best path is found before, and determinization may take minutes
        command += [f"--lattice-beam={options.lattice_beam}", "--determinize-lattice=false"]
    lattices = ["ark:/dev/null"] if program == "latgen-faster-mapped" else []
    files = [str(subject.model), str(subject.path), "ark:scores.ark", *lattices, "ark,t:words.txt", "ark,t:ali.txt"]
    done = subprocess.run([*command, *files], capture_output=True, text=True, check=False)
    costs = {key: -float(mean) * int(frames) for key, mean, frames in _KEYS_OF_COSTS.findall(done.stderr)}
    words, alignments = _integers(Path("words.txt")), _integers(Path("ali.txt"))
    return {key: Found(words[key], alignments[key], costs[key]) for key in words}


def _integers(path: Path) -> dict[str, list[int]]:
    lines = (line.split() for line in path.read_text(encoding="utf-8").splitlines())
    return {key: [int(text) for text in rest] for key, *rest in lines}


def ours(subject: Subject, options: DecodingOptions, scores: Scores) -> dict[str, Found]:
    """What our search finds: a lattice if the options have a beam for it."""
    decoded = (
        decode(subject.graph, options, key, values, options.lattice_beam is not None) for key, values in scores.items()
    )
    return {each.key: _found(each, options) for each in decoded if each.path is not None}


def _found(decoded: Decoded, options: DecodingOptions) -> Found:
    path = decoded.path
    assert path is not None and options.decoding_scale is not None
    cost = path.graph_cost + options.decoding_scale * path.acoustic_cost
    return Found(path.words.tolist(), path.alignment.tolist(), cost)


def verdict(ours: Found | None, kaldis: Found | None) -> str:
    """One of VERDICTS."""
    if ours is None or kaldis is None:
        return "none by both" if ours is kaldis else "none by us" if ours is None else "none by Kaldi"
    if (ours.words, ours.alignment) == (kaldis.words, kaldis.alignment):
        return "equal"
    difference = ours.cost - kaldis.cost
    if abs(difference) <= SAME_COST * max(1, abs(kaldis.cost) / 100):
        return "same cost"
    return "ours is better" if difference < 0 else "Kaldi's is better"
