"""Speed of decoding: ``python -m benchmarks.decoding [--graph FST --model MDL --scores ARK] [--kaldi FOLDER]``.

Seconds of sound per second of processor time, of one core: the best path, and raw lattices, at several beams, in turns
with Kaldi's decode-faster-mapped and latgen-faster-mapped (which determinizes) where a folder with them is given. Their
loading of model and graph counts, and their reading of scores; ours is the search in a process that has read them. The
bundled graph is small; one of many words is what counts.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring.turns import Contestant, Target, ratios, spread, take_turns
from benchmarks.models.subjects import ROOT
from ov_asr_score.decoding.graph import DecodingGraph, make_graph
from ov_asr_score.decoding.search import decode
from ov_asr_score.decoding.token_passing.search_graph import SearchGraph, plain_graph
from ov_asr_score.decoding.token_passing.utterance_search import search_utterance
from ov_asr_score.fst.graph_file import open_graph
from ov_asr_score.kaldi_io import TableWriter, read_table
from ov_asr_score.kaldi_model.transitions import load_transitions
from ov_asr_score.settings.words.decoding import DecodingOptions

GRAPH = ROOT / "tests/kaldi_speech/decoding/HCLG.fst"
MODEL = ROOT / "models/nnet3_chain_tdnnf/final.mdl"
SCORES = ROOT / "data/kaldi/nnet3_chain_tdnnf.ark"
PATH, LATTICES = "best path", "lattices"
KALDI_PATH, KALDI_LATTICES = "decode-faster-mapped", "latgen-faster-mapped"
TARGETS = ((PATH, KALDI_PATH, 1.0), (LATTICES, KALDI_LATTICES, 1.0))
MOST_WITH_TARGET = 13.0
"""Beams beyond it have no target for lattices."""
MIN_ACTIVE, MAX_ACTIVE, LATTICE_BEAM = 20, 7000, 6.0
"""Where beams are narrow, time depends on how many states are kept at least; that of decode-faster-mapped is 20."""

Utterances = list[tuple[str, NDArray[np.float32]]]


@dataclass(frozen=True, slots=True)
class Subject:
    """What is decoded; ``archive`` has the same scores as ``utterances``, which last so many ``seconds``."""

    graph: DecodingGraph
    graph_for_lattices: SearchGraph
    utterances: Utterances
    seconds: float
    paths: tuple[Path, Path]  # of the model and the graph
    archive: Path
    acoustic_scale: float


def repeated(scores: Utterances, frame_shift: float, seconds: float) -> Utterances:
    """The utterances again and again, until they last so many ``seconds``."""
    once = sum(len(values) for _, values in scores) * frame_shift
    return [(f"{key}-{turn}", values) for turn in range(max(1, round(seconds / once))) for key, values in scores]


def turn(run: Callable[[], object], seconds: float) -> Callable[[], tuple[float, float]]:
    """A turn of ``run`` on ``seconds`` of sound; it is run once before."""
    run()

    def timed() -> tuple[float, float]:
        started = _processor_seconds()
        run()
        return seconds, _processor_seconds() - started

    return timed


def _processor_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def kaldi_command(folder: Path, program: str, subject: Subject, beam: float) -> list[str]:
    """The command of one of Kaldi's decoders."""
    options = [f"--beam={beam:g}", f"--max-active={MAX_ACTIVE}", f"--acoustic-scale={subject.acoustic_scale:g}"]
    if program == KALDI_LATTICES:
        options.append(f"--lattice-beam={LATTICE_BEAM:g}")
    files = [*map(str, subject.paths), f"ark:{subject.archive}", "ark:/dev/null"]
    return [str(folder / program), *options, *files]


def contestants_of(subject: Subject, beam: float, kaldi: Path | None) -> Iterator[Contestant]:
    """The contestants at one beam."""
    common = {"beam": beam, "decoding_scale": subject.acoustic_scale, "allow_partial": True}
    for_path = DecodingOptions(min_active=MIN_ACTIVE, max_active=MAX_ACTIVE, **common)  # type: ignore[arg-type]
    for_lattices = DecodingOptions(lattice_beam=LATTICE_BEAM, max_active=MAX_ACTIVE, **common)  # type: ignore[arg-type]

    def all_paths() -> None:
        for key, values in subject.utterances:
            decode(subject.graph, for_path, key, values)

    def all_lattices() -> None:
        for key, values in subject.utterances:
            search_utterance(subject.graph_for_lattices, for_lattices, key, values, wants_lattice=True)

    def program(command: list[str]) -> Callable[[], object]:
        return lambda: subprocess.run(command, check=True, capture_output=True)

    runs: dict[str, Callable[[], object]] = {PATH: all_paths, LATTICES: all_lattices}
    if kaldi is not None:
        runs |= {name: program(kaldi_command(kaldi, name, subject, beam)) for name in (KALDI_PATH, KALDI_LATTICES)}
    for name, run in runs.items():
        yield Contestant(f"{name}, beam {beam:g}", turn(run, subject.seconds))


def targets_at(beam: float) -> list[Target]:
    """The ratios to reach at one beam."""
    return [
        Target(f"{ours}, beam {beam:g}", f"{theirs}, beam {beam:g}", least if beam <= MOST_WITH_TARGET else None)
        for ours, theirs, least in TARGETS
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the contestants in turns, and print medians and ratios."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.decoding", description=__doc__)
    parser.add_argument("--graph", type=Path, default=GRAPH, metavar="HCLG.fst")
    parser.add_argument("--model", type=Path, default=MODEL, metavar="final.mdl", help="with the transition model")
    parser.add_argument("--scores", type=Path, default=SCORES, metavar="ARK")
    parser.add_argument("--acoustic-scale", type=float, default=1.0)
    parser.add_argument("--frame-shift", type=float, default=0.03, help="seconds from score to score")
    parser.add_argument("--kaldi", type=Path, metavar="FOLDER", help="with decode-faster-mapped and its siblings")
    parser.add_argument("--beams", type=float, nargs="+", default=[8.0, 11.0, 13.0, 15.0])
    parser.add_argument("--seconds", type=float, default=200.0, help="of sound, which is repeated")
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args(arguments)
    transitions = load_transitions(options.model)
    fst, pdfs, num_pdfs = open_graph(options.graph).fst, transitions.pdfs, transitions.num_pdfs
    graph = make_graph(str(options.graph), fst, pdfs, num_pdfs)
    for_lattices = plain_graph(str(options.graph), fst, pdfs, num_pdfs)
    utterances = repeated(list(read_table(f"ark:{options.scores}")), options.frame_shift, options.seconds)
    seconds = sum(len(values) for _, values in utterances) * options.frame_shift
    print(f"{len(utterances)} utterances of {seconds:.0f} s together; times real time per second of processor")
    with tempfile.TemporaryDirectory(prefix="benchmark-decoding-") as folder:
        archive = Path(folder) / "scores.ark"
        if options.kaldi is not None:
            with TableWriter(f"ark:{archive}") as writer:
                for key, matrix in utterances:
                    writer.write(key, matrix)
        paths = (options.model, options.graph)
        subject = Subject(graph, for_lattices, utterances, seconds, paths, archive, options.acoustic_scale)
        line_up = [each for beam in options.beams for each in contestants_of(subject, beam, options.kaldi)]
        figures = take_turns(line_up, options.turns, lambda text: print(text, file=sys.stderr))
    print(f"{'median':>10} {'least':>10} {'most':>10}")
    for name, values in figures.items():
        found = spread(values)
        print(f"{found.median:10,.0f} {found.smallest:10,.0f} {found.largest:10,.0f}  {name}")
    for ratio in ratios(figures, [target for beam in options.beams for target in targets_at(beam)]):
        found = ratio.found
        missed = f"; below {ratio.target.least:g}" if ratio.reached is False else ""
        print(f"{found.median:10.2f} {found.smallest:10.2f} {found.largest:10.2f}  {ratio.target.name}{missed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
