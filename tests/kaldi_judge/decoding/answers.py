"""What both sides say of the utterances of a case, read from their files."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TypeAlias

from tests.command_line import Outcome, run
from tests.kaldi_judge.decoding.making import NUM_BEST, Case
from tests.kaldi_judge.programs import NO_END, run_program


class TimedWord(NamedTuple):
    """A line of a CTM file; ``confidence`` is 1 where there is none."""

    start: float
    duration: float
    word: str
    confidence: float


class Scored(NamedTuple):
    """A word sequence with its costs, without the acoustic scale."""

    words: tuple[str, ...]
    graph: float
    acoustic: float

    def cost(self, scale: float) -> float:
        """Both costs in one."""
        return self.graph + scale * self.acoustic


Words: TypeAlias = tuple[str, ...]
Run: TypeAlias = Callable[..., bool]


@dataclass(slots=True)
class Answers:
    """By key. What was not asked for is empty."""

    words: dict[str, Words] = field(default_factory=dict)
    alignments: dict[str, Words] = field(default_factory=dict)
    costs: dict[str, float] = field(default_factory=dict)  # of the best path, with scale and penalty
    nbest: dict[str, list[Scored]] = field(default_factory=dict)
    times: dict[str, list[TimedWord]] = field(default_factory=dict)  # of the best path, which has
    timed_alignments: dict[str, Words] = field(default_factory=dict)  # one of those of the same cost
    confidences: dict[str, list[TimedWord]] = field(default_factory=dict)  # of its words
    consensus: dict[str, list[TimedWord]] = field(default_factory=dict)  # minimum Bayes risk
    said: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    code: int = 0


def kaldi_answers(case: Case, programs: Path) -> Answers:
    """The answers of Kaldi's programs."""
    at = case.folder / "kaldi"
    answers = Answers()

    def ran(*command: str) -> bool:
        done = run_program(programs, command, at)
        answers.said += done.complaints or [line for line in done.lines if line == NO_END]
        for key, value in re.findall(r"for utterance (\S+) is (\S+) over", "\n".join(done.lines)):
            answers.costs[key] = -float(value) * len(case.utterances[key])
        answers.code = answers.code or done.code
        return done.code == 0

    files = ("ark:scores.ark", *(["ark:lat.ark"] if case.has_lattices else []), "ark,t:words", "ark,t:ali")
    program = "latgen-faster-mapped" if case.has_lattices else "decode-faster-mapped"
    ran(program, *case.kaldi_options, "final.mdl", "HCLG.fst", *files)
    answers.words, answers.alignments = read_table(at / "words"), read_table(at / "ali")
    if not answers.words:
        return answers
    scale = f"--acoustic-scale={case.scale}"
    shift = f"--frame-shift={case.frame_seconds}"
    align = _align(case)
    if case.has_lattices:
        ask_n_best(ran, at, scale, "lat.ark", answers)
        lattices, best = "ark:lat.ark", "ark:1best.ark"
        ran("lattice-1best", scale, lattices, best)
        ran("nbest-to-linear", best, "ark,t:1best.ali")
        answers.timed_alignments = read_table(at / "1best.ali")
    else:
        lattices, best = "", "ark:1best.ark"
        ran("linear-to-nbest", "ark:ali", "ark:words", "", "", best)
        answers.timed_alignments = answers.alignments
    if case.has_times:
        ran(*align, best, "ark:1aligned.ark")
        ran("nbest-to-ctm", shift, "ark:1aligned.ark", "ctm")
        answers.times = read_ctm(at / "ctm")
        if lattices:
            ran(*align, lattices, "ark:aligned.ark")
            lattices = "ark:aligned.ark"
    if lattices:
        _confidences(ran, case, at, lattices, case.scale, answers)
    return answers


def other_confidences(case: Case, programs: Path) -> Iterator[Answers]:
    """What Kaldi says of confidences after changes that mean nothing: other forms of lattices, another last digit.

    Its choice among alignments of the same cost depends on how numbers are rounded. The lattices which we wrote are
    among the forms: they have the same paths up to the lattice beam, but others beyond it.
    """

    def ran(*command: str) -> bool:
        return run_program(programs, command, at).code == 0

    for side, name in (("ours", "penalized.ark"), ("kaldi", "lat.ark")):
        at = case.folder / side
        for form in ("copy", "minimize", "push"):
            ran(f"lattice-{form}", f"ark:{name}", "ark:other.ark")
            lattices = "ark:other.ark"
            if case.has_times:
                ran(*_align(case), lattices, "ark:other_aligned.ark")
                lattices = "ark:other_aligned.ark"
            for factor in (1.0, 1.000001):
                answers = Answers()
                _confidences(ran, case, at, lattices, case.scale * factor, answers)
                yield answers


def _align(case: Case) -> tuple[str, ...]:
    reorder = f"--reorder={str(case.loops_after).lower()}"
    return ("lattice-align-words", reorder, "word_boundary.int", "final.mdl")


def _confidences(ran: Run, case: Case, at: Path, lattices: str, scale: float, answers: Answers) -> None:
    words = ("lattice-to-ctm-conf", f"--acoustic-scale={scale}", f"--frame-shift={case.frame_seconds}")
    for more, found in (("--decode-mbr=false", answers.confidences), ("--decode-mbr=true", answers.consensus)):
        (at / "conf.ctm").unlink(missing_ok=True)
        ran(*words, "--confidence-digits=5", more, lattices, "conf.ctm")
        found.update(read_ctm(at / "conf.ctm"))


def n_best_of_our_lattices(case: Case, programs: Path) -> dict[str, list[Scored]]:
    """The n best that Kaldi finds in the lattices which we wrote, with the penalty of words in their costs."""
    answers = Answers()

    def ran(*command: str) -> bool:
        return run_program(programs, command, case.folder / "ours").code == 0

    ran("lattice-add-penalty", f"--word-ins-penalty={case.penalty}", "ark:lat.ark", "ark:penalized.ark")
    ask_n_best(ran, case.folder / "ours", f"--acoustic-scale={case.scale}", "penalized.ark", answers)
    return answers.nbest


def ask_n_best(ran: Run, at: Path, scale: str, lattices: str, answers: Answers) -> None:
    """Put the n best of lattices into ``answers``, by Kaldi's programs."""
    ran("lattice-to-nbest", scale, f"--n={NUM_BEST}", f"ark:{lattices}", "ark:nbest.ark")
    ran("nbest-to-linear", "ark:nbest.ark", "ark:nbest.ali", "ark,t:nbest.words", "ark,t:nbest.lm", "ark,t:nbest.ac")
    words, graph, acoustic = (read_table(at / f"nbest.{name}") for name in ("words", "lm", "ac"))
    for key in words:
        path = Scored(words[key], float(graph[key][0]), float(acoustic[key][0]))
        answers.nbest.setdefault(key.rpartition("-")[0], []).append(path)


def our_answers(case: Case) -> Answers:
    """The answers of our command, which runs once for each file of times. AssertionError for a traceback."""
    at = case.folder / "ours"
    answers = Answers()
    words = ["decode", "ark:scores.ark", "--decode-workers=1", *case.our_options]
    files = ["--text=words", "--alignment=ark,t:ali", "--nbest-text=nbest.words", "--nbest-costs=nbest.costs"]
    with _in_folder(at):
        for name in ("words", "ali", "ctm", "best.ctm", "mbr.ctm", "lat.ark", "nbest.words", "nbest.costs"):
            Path(name).unlink(missing_ok=True)
        more = ["--lattice=ark:lat.ark", f"--nbest={NUM_BEST}"] if case.has_lattices else []
        _check(answers, run(*words, *files, "--ctm=ctm", *more), case)
        if case.has_lattices:
            for confidence, name in (("best-path", "best.ctm"), ("mbr", "mbr.ctm")):
                _check(answers, run(*words, f"--ctm={name}", f"--confidence={confidence}"), case)
    answers.words, answers.alignments = read_table(at / "words"), read_table(at / "ali")
    sequences, costs = read_table(at / "nbest.words"), read_table(at / "nbest.costs")
    for key, found in sequences.items():
        graph, acoustic = map(float, costs[key])
        answers.nbest.setdefault(key.rpartition("-")[0], []).append(Scored(found, graph, acoustic))
    for key, paths in answers.nbest.items():
        best = min(paths, key=lambda path: path.cost(case.scale) + case.penalty * len(path.words))
        answers.costs[key] = best.cost(case.scale) + case.penalty * len(best.words)
    answers.times = read_ctm(at / "ctm") if case.has_times else {}
    answers.confidences, answers.consensus = read_ctm(at / "best.ctm"), read_ctm(at / "mbr.ctm")
    return answers


def _check(answers: Answers, outcome: Outcome, case: Case) -> None:
    """Note what the command must not do."""
    lines = outcome.stderr.splitlines()
    answers.code = outcome.code
    answers.said += lines
    known = ("note: ", "warning: ", "no words: ", "decoded ", "error: ")
    if other := [line for line in lines if not line.startswith(known)]:
        answers.faults.append(f"a line on standard error: {other[0]}")
    if outcome.code not in (0, 1):
        answers.faults.append(f"exit code {outcome.code}: {lines[-1:]}")
    if outcome.stdout:
        answers.faults.append("something on standard output")
    without = sum(line.startswith("no words: ") for line in lines)
    if (outcome.code == 1) != (without > 0) or without > len(case.utterances):
        answers.faults.append(f"exit code {outcome.code} with {without} utterances without words")


@contextlib.contextmanager
def _in_folder(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def read_table(path: Path) -> dict[str, Words]:
    """The lines of a text by their first words; nothing where there is no file."""
    if not path.exists():
        return {}
    return {key: tuple(rest) for key, *rest in map(str.split, path.read_text().splitlines())}


def read_ctm(path: Path) -> dict[str, list[TimedWord]]:
    """The words of a CTM file by utterance."""
    found: dict[str, list[TimedWord]] = {}
    for line in path.read_text().splitlines() if path.exists() else ():
        key, _, start, duration, word, *confidence = line.split()
        timed = TimedWord(float(start), float(duration), word, float(confidence[0]) if confidence else 1.0)
        found.setdefault(key, []).append(timed)
    return found
