"""Speed of lookahead graphs: ``python -m benchmarks.lookahead [--kaldi DIR --pair DIR --model DIR --vosk PYTHON]``.

Scores of sound are searched in turns by this package and by nnet3-latgen-faster-lookahead, which has them from a
network that passes them on; each search is a process of its own. Frames per second of processor time, without loading:
the pair with the bundled network at several beams; and a model directory with a large vocabulary over minutes of varied
sound, from the first utterance on (whatever either side keeps is cold then) to the last, with the sound as it is and
with scores as of clear speech. Costs of best paths are compared, too. Then sound to words beside vosk. ``--kaldi`` has
Kaldi's programs; ``LD_LIBRARY_PATH`` must lead to ``olabel_lookahead-fst.so`` and ``ngram-fst.so`` of OpenFst.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

from benchmarks.lookahead.searching import Run, kaldi_search, our_search
from benchmarks.lookahead.subjects import (
    BUNDLED_PAIR,
    Limits,
    Subject,
    limits_of,
    raised,
    scores_of_sound,
    write_pair_directory,
    write_passing_network,
    write_scores,
)
from benchmarks.lookahead.varied_sound import recordings, write_plain, write_varied
from benchmarks.measuring.turns import Contestant, Target, ratios, spread, take_turns
from benchmarks.recognition.contestants import our_worker, vosk_worker
from benchmarks.recognition.directories import SPEECH
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.model_directory.reading import read_model_directory

OURS, KALDI = "ours", "Kaldi"
WAYS = {"path": "best paths", "raw": "raw lattices", "lattice": "determinized lattices"}
LEAST = {"path": 1.5, "raw": 1.5, "lattice": None}
"""The ratio to Kaldi's search that is wanted, by way."""

FRAME_SECONDS, PIECE = 0.03, 0.25
WINDOWS = (0, 15, 60, 180, 360, 600, 1200, 2400)
"""Seconds of sound between which speeds are told, as far as there is sound."""

TOLERANCE = 1e-4
"""A path is dearer if it costs so much more a frame; Kaldi rounds what it pushes to multiples of 1/1024."""

Searches = dict[str, Callable[[Subject, Limits, str, Path], Run]]


def measure_beams(subject: Subject, searches: Searches, options: argparse.Namespace, work: Path) -> None:
    """Print frames per second of every way at several beams, in turns, and how often both sides agree."""
    runs: dict[str, Run] = {}

    def contestant(who: str, way: str, beam: float) -> Contestant:
        name, limits = f"{who}, {WAYS[way]}, beam {beam:g}", replace(subject.limits, beam=beam)

        def run() -> tuple[float, float]:
            runs[name] = searches[who](subject, limits, way, work / f"{who}-{beam:g}.ali")
            return runs[name].frames, runs[name].seconds

        return Contestant(name, run)

    line_up = [contestant(who, way, beam) for beam in options.beams for way in options.ways for who in searches]
    figures = take_turns(line_up, options.turns, _tell)
    print(f"{subject.name}: frames per second of processor, medians of {options.turns} turns")
    for name, values in figures.items():
        print(f"{spread(values).median:10,.0f}  {name}, cost per frame {runs[name].cost_per_frame:.5f}")
    targets = [
        Target(f"{OURS}, {WAYS[way]}, beam {beam:g}", f"{KALDI}, {WAYS[way]}, beam {beam:g}", LEAST[way])
        for beam in options.beams
        for way in options.ways
    ]
    for ratio in ratios(figures, targets):
        missed = f"; below {ratio.target.least:g}" if ratio.reached is False else ""
        print(f"{ratio.found.median:10.2f}  {ratio.target.name}{missed}")
    if KALDI in searches:
        for beam in options.beams:
            print(f"{'':10}  beam {beam:g}: {same_alignments(*(work / f'{who}-{beam:g}.ali' for who in searches))}")


def measure_minutes(subject: Subject, searches: Searches, ways: Sequence[str], work: Path) -> None:
    """Print speed, memory and costs over minutes of sound."""
    runs: dict[tuple[str, str], Run] = {}
    for way in ways:
        for who, search in searches.items():
            _tell(f"{subject.name}: {who}, {WAYS[way]}")
            found = runs[who, way] = search(subject, subject.limits, way, work / f"{who}.ali")
            print(f"{subject.name}: {who}, {WAYS[way]}: {told(found)}")
            for line in speeds(found):
                print(f"{'':10} {line}")
        if KALDI in searches:
            print(f"{'':10} {compared_costs(runs[OURS, way], runs[KALDI, way])}")
            for window, ratio in window_ratios(runs[OURS, way], runs[KALDI, way]):
                print(f"{ratio:10.2f}  {OURS} / {KALDI}, {WAYS[way]}, {window}")
            print(f"{'':10} {same_alignments(work / f'{OURS}.ali', work / f'{KALDI}.ali')}")


def told(run: Run) -> str:
    """A run in words."""
    return (
        f"{run.frames / run.seconds:,.0f} frames per second, loaded in {run.load_seconds:.2f} s with "
        f"{run.loaded_bytes / 1e6:,.0f} MB, at most {run.peak_bytes / 1e6:,.0f} MB, "
        f"cost per frame {run.cost_per_frame:.5f}"
    )


def windows(run: Run) -> Iterator[tuple[str, int, float]]:
    """Spans of the sound with their frames and seconds of processor."""
    first, heard = 0, 0.0
    ends = []
    for each in run.utterances:
        heard += each.frames * FRAME_SECONDS
        ends.append(heard)
    for begin, end in pairwise(WINDOWS):
        last = sum(each <= end + 1 for each in ends)
        part = run.utterances[first:last]
        if part:
            yield f"{begin} to {end} s", sum(each.frames for each in part), sum(each.seconds for each in part)
        first = last


def speeds(run: Run) -> list[str]:
    """Lines with frames per second, span by span."""
    return [f"{frames / seconds:10,.0f}  {name}" for name, frames, seconds in windows(run)]


def window_ratios(ours: Run, theirs: Run) -> list[tuple[str, float]]:
    """By how much we are faster, span by span, then over all."""
    pairs = zip(windows(ours), windows(theirs), strict=True)
    found = [(name, other / seconds) for (name, _, seconds), (_, _, other) in pairs]
    return [*found, ("all", theirs.seconds / ours.seconds)]


def compared_costs(ours: Run, theirs: Run) -> str:
    """How costs of best paths compare."""
    other = {each.key: each.cost / each.frames for each in theirs.utterances}
    gaps = [each.cost / each.frames - other[each.key] for each in ours.utterances if each.key in other]
    dearer, cheaper = (sum(sign * gap > TOLERANCE for gap in gaps) for sign in (1, -1))
    return f"paths dearer than Kaldi's by more than {TOLERANCE:g} a frame: {dearer} of {len(gaps)}, cheaper: {cheaper}"


def same_alignments(ours: Path, theirs: Path) -> str:
    """In how many utterances two files of alignments agree."""
    first, second = (
        {key: ids for key, *ids in map(str.split, path.read_text().splitlines())} for path in (ours, theirs)
    )
    same = sum(second.get(key) == ids for key, ids in first.items())
    return f"alignments of {same} of {len(second)} utterances are Kaldi's"


def measure_recognition(name: str, folder: Path, sounds: list[Path], options: argparse.Namespace) -> None:
    """Print what sound to words takes here and in vosk: of sessions as fast as they go, of loading, and memory."""
    seconds = sum((path.stat().st_size - 44) / 32000 for path in sounds)
    contestants = {OURS: our_worker(folder, sounds, options.core)}
    if options.vosk is not None:
        contestants["vosk"] = vosk_worker(options.vosk, folder, sounds, options.core)
    print(f"{name}: sound to words in sessions, pieces of {PIECE:g} s, {seconds:.0f} s of sound")
    words = {}
    for who, worker in contestants.items():
        with worker:
            for turn in ("at first", "again"):
                answer = worker.ask("live", piece=PIECE)
                print(f"{seconds / answer['processor']:10,.1f} times real time {turn}: {who}")
            words[who] = answer["words"]
            start = worker.start
            print(
                f"{start['load_processor']:10.2f} s of processor to load, {start['loaded_bytes'] / 1e6:,.0f} MB: {who}"
            )
            print(f"{answer['peak_bytes'] / 1e6:10,.0f} MB at most: {who}")
    if len(words) > 1:
        same = sum(words[OURS][key] == words["vosk"][key] for key in words[OURS])
        print(f"{'':10} {same} of {len(words[OURS])} files have the words of vosk")


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _searches(options: argparse.Namespace) -> Searches:
    found: Searches = {OURS: our_search}
    if options.kaldi is not None:
        found[KALDI] = partial(kaldi_search, options.kaldi)
    return found


def _subject(name: str, folder: Path, sounds: list[Path], options: argparse.Namespace, work: Path) -> Subject:
    directory = read_model_directory(folder)
    archive = write_scores(work / "scores.ark", scores_of_sound(directory, sounds, work))
    network = archive
    if options.kaldi is not None:
        network = write_passing_network(work, options.kaldi, Path(directory.model))
    scale = directory.words.search.decoding_scale
    return Subject(name, folder, archive, network, 1.0 if scale is None else scale, limits_of(directory))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lookahead", description=__doc__)
    parser.add_argument("--kaldi", type=Path, metavar="DIR", help="with nnet3-latgen-faster-lookahead, nnet3-am-init")
    parser.add_argument("--pair", type=Path, default=BUNDLED_PAIR, metavar="DIR", help="a pair for the bundled network")
    parser.add_argument("--model", type=Path, metavar="VOSK_DIR", help="a large model with a lookahead pair")
    parser.add_argument("--vosk", type=Path, metavar="PYTHON", help="a Python with vosk")
    parser.add_argument("--sound", type=Path, default=SPEECH, metavar="DIR", help="recordings of 16 kHz")
    parser.add_argument("--only", nargs="+", choices=("pair", "model", "vosk"), default=["pair", "model", "vosk"])
    parser.add_argument("--beams", type=float, nargs="+", default=[11.0, 13.0, 15.0])
    parser.add_argument("--ways", nargs="+", choices=tuple(WAYS), default=list(WAYS))
    parser.add_argument("--model-ways", nargs="+", choices=tuple(WAYS), default=["path", "lattice"])
    parser.add_argument("--kinds", nargs="+", choices=("unclear", "clear"), default=["unclear", "clear"])
    parser.add_argument("--seconds", type=float, default=90.0, help="of sound for the pair, as it is")
    parser.add_argument("--varied-seconds", type=float, default=600.0, help="of sound for the large model")
    parser.add_argument("--vosk-seconds", type=float, default=60.0, help="of sound to words")
    parser.add_argument("--raise-by", type=float, default=2.0, help="of scores along Kaldi's paths: clear speech")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--core", type=int, default=0, help="on which sound to words runs")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for, and print it."""
    options = _parser().parse_args(arguments)
    searches = _searches(options)
    sounds = recordings(options.sound)
    with tempfile.TemporaryDirectory(prefix="benchmark-lookahead-") as temporary:
        work = Path(temporary)
        pair = write_pair_directory(work / "pair", options.pair)
        if "pair" in options.only:
            files = write_plain(work / "plain", sounds, options.seconds)
            measure_beams(_subject(str(options.pair), pair, files, options, work), searches, options, work)
        if "vosk" in options.only:
            measure_recognition("pair", pair, write_plain(work / "words", sounds, options.vosk_seconds), options)
        if options.model is None:
            return 0
        name = str(options.model)
        if "model" in options.only:
            files = write_varied(work / "varied", sounds, options.varied_seconds)
            subject = _subject(f"{name}, unclear", options.model, files, options, work)
            if "unclear" in options.kinds:
                measure_minutes(subject, searches, options.model_ways, work)
            if "clear" in options.kinds:
                measure_minutes(_clear(subject, options, work), searches, options.model_ways, work)
        if "vosk" in options.only:
            files = write_varied(work / "varied-words", sounds, options.vosk_seconds)
            measure_recognition(name, options.model, files, options)
    return 0


def _clear(subject: Subject, options: argparse.Namespace, work: Path) -> Subject:
    """The same with scores raised along the paths of Kaldi's search, or ours where there is none."""
    paths = work / f"{KALDI if options.kaldi else OURS}.ali"
    if "unclear" not in options.kinds:
        list(_searches(options).values())[-1](subject, subject.limits, "path", paths)
    model = Path(read_model_directory(subject.folder).model)
    scores = dict(read_table(f"ark:{subject.archive}"))
    scores.pop("begin")
    archive = write_scores(work / "clear.ark", raised(scores, paths, model, options.raise_by))
    return replace(subject, name=subject.name.replace("unclear", "clear"), archive=archive)


if __name__ == "__main__":
    sys.exit(main())
