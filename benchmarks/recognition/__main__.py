"""Speed of recognition: ``python -m benchmarks.recognition [--vosk PYTHON] [--kaldi FOLDER] [--graph GRAPH_DIR]``.

Two models in vosk's layout, the bundled one and the same with a network of 18 million parameters (with another graph,
if one is given), one core for each contestant: seconds of sound per second of processor time of whole files and of
sessions as fast as they go, in turns; start-up to the first words; latencies at real-time pace, and how many sessions a
core serves while 95 % of the frames have their words within 0.6 s.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.measuring.turns import Contestant, Target, ratios, spread, take_turns
from benchmarks.recognition.contestants import KaldiProgram, WorkerProcess, our_worker, vosk_worker
from benchmarks.recognition.directories import write_directory, write_sound, write_streams

WHOLE, LIVE, VOSK = "whole files", "sessions", "vosk"
KALDI_WHOLE, KALDI_LIVE = "Kaldi, whole files", "Kaldi, online"
LEAST = {"small": 1.0, "wide": 2.0}
PIECE, PACE_PIECE, SMALL_PIECE = 0.25, 0.1, 0.05
LATENCY, LOW_LATENCY = 0.6, 0.3
"""Within which 95 % of the frames have their words."""

Words = dict[str, str]


def different(expected: Words, found: Words) -> str:
    """In how many files words differ, and where first."""
    others = [f"{key}: {found.get(key)!r}, not {words!r}" for key, words in expected.items() if found.get(key) != words]
    return f"{len(others)} of {len(expected)} files have other words" + (f" ({others[0]})" if others else "")


def measure_speed(name: str, folder: Path, options: argparse.Namespace, work: Path) -> None:
    """Print speeds of one model, in turns, with ratios and start-up times."""
    sounds, seconds = write_sound(work / f"sound-{name}", options.seconds / (1 if name == "small" else 4))
    words: dict[str, Words] = {}
    with ExitStack() as stack:
        ours = stack.enter_context(our_worker(folder, sounds, options.core))
        workers: dict[str, tuple[WorkerProcess, str, dict[str, Any]]] = {
            WHOLE: (ours, "whole", {}),
            LIVE: (ours, "live", {"piece": PIECE}),
        }
        starts = {"ours": ours.start}
        if options.vosk is not None:
            vosk = stack.enter_context(vosk_worker(options.vosk, folder, sounds, options.core))
            workers[VOSK] = (vosk, "live", {"piece": PIECE})
            starts[VOSK] = vosk.start

        def worker_turn(key: str) -> Contestant:
            worker, do, wish = workers[key]

            def run() -> tuple[float, float]:
                answer = worker.ask(do, **wish)
                words[key] = answer["words"]
                return seconds, answer["processor"]

            run()
            return Contestant(key, run)

        def kaldi_turn(key: str, *more: str) -> Contestant:
            program = KaldiProgram(options.kaldi, folder, options.core)

            def run() -> tuple[float, float]:
                taken, words[key] = program.run(sounds, *more)
                return seconds, taken

            return Contestant(key, run)

        line_up = [worker_turn(key) for key in workers]
        if options.kaldi is not None:
            line_up.append(kaldi_turn(KALDI_WHOLE, "--online=false", "--do-endpointing=false"))
            line_up.append(kaldi_turn(KALDI_LIVE, "--online=true", "--do-endpointing=false", f"--chunk-length={PIECE}"))
        figures = take_turns(line_up, options.turns, lambda text: print(text, file=sys.stderr))
    print(f"{name}: {len(sounds)} files, {seconds:.0f} s; times real time per second of processor")
    for key, values in figures.items():
        found = spread(values)
        print(f"{found.median:10,.0f} {found.smallest:10,.0f} {found.largest:10,.0f}  {key}")
    targets = [Target(ours, theirs, LEAST[name]) for ours, theirs in _PAIRS]
    for ratio in ratios(figures, targets):
        missed = f"; below {ratio.target.least:g}" if ratio.reached is False else ""
        found = ratio.found
        print(f"{found.median:10.2f} {found.smallest:10.2f} {found.largest:10.2f}  {ratio.target.name}{missed}")
    for ours_key, theirs in _SAME_WORDS:
        if ours_key in words and theirs in words:
            print(f"{'':10} {ours_key} and {theirs}: {different(words[theirs], words[ours_key])}")
    for who, start in starts.items():
        print(f"{start['first_words_seconds']:10.2f} s from the start of loading to the first words: {who}")


_PAIRS = ((WHOLE, VOSK), (LIVE, VOSK), (WHOLE, KALDI_WHOLE), (LIVE, KALDI_LIVE))
_SAME_WORDS = ((WHOLE, KALDI_WHOLE), (LIVE, VOSK), (LIVE, KALDI_LIVE))


def measure_pace(name: str, folder: Path, options: argparse.Namespace, work: Path) -> None:
    """Print latencies at real-time pace, and how many sessions a core serves."""
    streams = write_streams(work / "streams", 8, options.pace_seconds)
    with our_worker(folder, streams, options.core) as worker:
        usual = worker.ask("pace", sessions=0, piece=PACE_PIECE, clock=options.clock)
        low = worker.ask("pace", sessions=0, piece=SMALL_PIECE, low_latency=True, clock=options.clock)
        for title, answer, limit in ((LIVE, usual, LATENCY), ("low latency", low, LOW_LATENCY)):
            half, most = answer["latency"]
            missed = f"; above {limit:g}" if most > limit else ""
            load = f"{answer['processor']:.0%} of the core"
            print(f"{half:10.3f} {most:10.3f}  s from frame to words, median and 95 %, {load}: {name}, {title}{missed}")
        print(f"{'':10} low latency: {different(usual['words'], low['words'])}")
        _print_sessions(name, "ours", worker, options)
    if options.vosk is not None:
        with vosk_worker(options.vosk, folder, streams, options.core) as worker:
            _print_sessions(name, VOSK, worker, options)


def _print_sessions(name: str, who: str, worker: WorkerProcess, options: argparse.Namespace) -> None:
    for count, (half, most), load in _served(worker, options.sessions, options.clock):
        print(f"{half:10.3f} {most:10.3f}  s with {count} sessions, {load:.0%} of the core: {name}, {who}")


def _served(
    worker: WorkerProcess, counts: Sequence[int], clock: str
) -> Iterator[tuple[int, tuple[float, float], float]]:
    """Numbers of sessions with the latencies of their frames and the load, up to the first that is too much."""
    for count in counts:
        answer = worker.ask("pace", sessions=count, piece=PACE_PIECE, clock=clock)
        half, most = answer["latency"]
        yield count, (half, most), answer["processor"]
        if most > LATENCY:
            return


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for, and print it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recognition", description=__doc__)
    parser.add_argument(
        "--vosk", type=Path, metavar="PYTHON", help="a Python with vosk: python3 -m venv, pip install vosk"
    )
    parser.add_argument("--kaldi", type=Path, metavar="FOLDER", help="with online2-wav-nnet3-latgen-faster")
    parser.add_argument(
        "--graph", type=Path, metavar="GRAPH_DIR", help="graph of the wide model (default: the bundled)"
    )
    parser.add_argument("--models", nargs="+", choices=tuple(LEAST), default=list(LEAST))
    parser.add_argument("--only", nargs="+", choices=("speed", "pace"), default=["speed", "pace"])
    parser.add_argument("--seconds", type=float, default=280.0, help="of sound in a turn; a quarter for the wide model")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--pace-seconds", type=float, default=10.0)
    parser.add_argument("--sessions", type=int, nargs="+", default=[8, 16, 32, 48, 64, 96, 128])
    parser.add_argument(
        "--clock",
        choices=("wall", "processor"),
        default="wall",
        help="of latencies; that of the processor for busy machines: pieces are served one after the other",
    )
    parser.add_argument("--core", type=int, default=0, help="on which contestants run")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="benchmark-recognition-") as temporary:
        work = Path(temporary)
        for name in options.models:
            folder = work / name
            write_directory(folder, wide=name == "wide", graph=options.graph if name == "wide" else None)
            if "speed" in options.only:
                measure_speed(name, folder, options, work)
            if "pace" in options.only:
                measure_pace(name, folder, options, work)
    return 0


if __name__ == "__main__":
    sys.exit(main())
