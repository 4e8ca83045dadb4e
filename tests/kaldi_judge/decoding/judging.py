"""Compares the answers of both sides, utterance by utterance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from tests.kaldi_judge.decoding.answers import (
    Answers,
    Scored,
    TimedWord,
    kaldi_answers,
    n_best_of_our_lattices,
    other_confidences,
)
from tests.kaldi_judge.decoding.answers import our_answers as ask_us
from tests.kaldi_judge.decoding.making import NUM_BEST, Case
from tests.kaldi_judge.programs import NO_END

Verdict = Literal["equal", "tie", "near", "both refuse", "Kaldi ended", "only we", "only Kaldi", "differ", "fault"]
VERDICTS: tuple[Verdict, ...] = (
    *("equal", "tie", "near", "both refuse", "Kaldi ended", "only we", "only Kaldi", "differ", "fault"),
)
"""``tie``: something else of the same cost; ``near``: as near as Kaldi is to itself after a change that means nothing;
``Kaldi ended``: before or at the utterance; ``fault``: a traceback, a wrong exit code, other lines on standard error.
"""

COST = 1e-3
CONFIDENCE = 0.02


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict on one thing that both said of an utterance, and what is to be said about it."""

    thing: str
    verdict: Verdict
    key: str = ""
    text: str = ""


def judge(case: Case, programs: Path) -> list[Finding]:
    """All findings of a case."""
    theirs = kaldi_answers(case, programs)
    if NO_END in theirs.said:  # neither do we, in lattices of so many paths
        return [Finding("words", "Kaldi ended", key, NO_END) for key in case.utterances]
    try:
        ours = ask_us(case)
    except AssertionError as error:
        return [Finding("words", "fault", text=str(error)[-400:])]
    except Exception as error:  # whatever it is, it is what the judge looks for
        return [Finding("words", "fault", text=f"{type(error).__name__}: {error}")]
    found = [Finding("words", "fault", text=text) for text in dict.fromkeys(ours.faults)]
    read_back = n_best_of_our_lattices(case, programs) if case.has_lattices and ours.words else {}
    for key in case.utterances:
        found += _of_utterance(case, key, theirs, ours)
        if key in ours.nbest and case.has_lattices:
            text = _n_best_difference(case, read_back.get(key, []), ours.nbest[key])
            found.append(Finding("our lattice", "differ" if text else "equal", key, text))
    if any(each.verdict == "differ" and each.thing in ("confidence", "consensus") for each in found):
        others = list(other_confidences(case, programs))
        found = [_settled(each, ours, others) for each in found]
    return found


def _settled(finding: Finding, ours: Answers, others: Sequence[Answers]) -> Finding:
    """The finding, ``near`` if Kaldi says the same of another form of the lattice, or something else of each form."""
    if finding.verdict != "differ" or finding.thing not in ("confidence", "consensus"):
        return finding

    def said(answers: Answers) -> Sequence[TimedWord]:
        table = answers.confidences if finding.thing == "confidence" else answers.consensus
        return table.get(finding.key, [])

    theirs = list(map(said, others))
    is_equal = any(not _confidence_difference(each, said(ours)) for each in theirs)
    is_unsettled = any(_confidence_difference(theirs[0], each) for each in theirs[1:])
    return replace(finding, verdict="near") if is_equal or is_unsettled else finding


def _of_utterance(case: Case, key: str, theirs: Answers, ours: Answers) -> Iterator[Finding]:
    if key not in theirs.words or key not in ours.words:
        if key in theirs.words:
            yield Finding("words", "only Kaldi", key, _line_about(key, ours.said))
        elif key not in ours.words:
            yield Finding("words", "both refuse", key, _line_about(key, ours.said))
        elif theirs.code < 0 or theirs.code > 1:
            yield Finding("words", "Kaldi ended", key, "; ".join(theirs.said[-1:]))
        else:
            yield Finding("words", "only we", key, _line_about(key, theirs.said))
        return
    cost, other = ours.costs[key], theirs.costs.get(key, float("nan"))
    # What Kaldi logs has six digits.
    is_tie = abs(cost - other) <= COST + 1e-5 * abs(other)
    for thing, expected, found in (
        ("words", theirs.words[key], ours.words[key]),
        ("alignment", theirs.alignments[key], ours.alignments[key]),
    ):
        if expected == found:
            yield Finding(thing, "equal", key)
        else:
            what = "tie" if is_tie else "better" if cost < other else "worse"
            text = f"{what}: cost {cost:.7g}, Kaldi's {other:.7g}"
            yield Finding(thing, "tie" if is_tie else "differ", key, text)
    if theirs.alignments[key] == ours.alignments[key] and theirs.words[key] == ours.words[key]:
        if not is_tie:
            yield Finding("cost", "differ", key, f"cost {cost:.7g}, Kaldi's {other:.7g} for the same path")
        timed = tuple(each.word for each in theirs.times.get(key, []))
        is_same = timed == theirs.words[key] and theirs.timed_alignments.get(key) == theirs.alignments[key]
        if case.has_times and is_same:  # not another path of the same cost
            text = _times_difference(case, theirs.times.get(key, []), ours.times.get(key, []))
            yield Finding("times", "differ" if text else "equal", key, text)
    if not case.has_lattices:
        return
    text = _n_best_difference(case, theirs.nbest.get(key, []), ours.nbest.get(key, []))
    yield Finding("n best", "differ" if text else "equal", key, text)
    same = theirs.words[key] == ours.words[key]
    for thing, wanted, given in (
        ("confidence", theirs.confidences, ours.confidences),
        ("consensus", theirs.consensus, ours.consensus),
    ):
        if thing == "confidence" and not same:
            continue
        if thing == "confidence" and tuple(each.word for each in wanted.get(key, [])) != theirs.words[key]:
            yield Finding(thing, "tie", key, "Kaldi's programs choose other words of the same cost")
            continue
        text = _confidence_difference(wanted.get(key, []), given.get(key, []))
        if not text and thing == "consensus" and case.has_times:
            text = _times_difference(case, wanted.get(key, []), given.get(key, []))
        yield Finding(thing, "differ" if text else "equal", key, text)


def _line_about(key: str, lines: Sequence[str]) -> str:
    return next((line for line in lines if key in line.replace(":", " ").split()), lines[-1] if lines else "")


def _times_difference(case: Case, expected: Sequence[TimedWord], found: Sequence[TimedWord]) -> str:
    """How times differ by more than a frame, and what rounding adds; empty if they do not."""
    words = [each.word for each in expected], [each.word for each in found]
    if words[0] != words[1]:
        return f"words {words[0]} from Kaldi, {words[1]} from us"
    allowed = case.frame_seconds + 0.0101
    for theirs, ours in zip(expected, found, strict=True):
        if abs(theirs.start - ours.start) > allowed or abs(theirs.duration - ours.duration) > allowed:
            return f"{theirs} from Kaldi, {ours} from us"
    return ""


def _confidence_difference(expected: Sequence[TimedWord], found: Sequence[TimedWord]) -> str:
    words = [each.word for each in expected], [each.word for each in found]
    if words[0] != words[1]:
        return f"words {expected} from Kaldi, {found} from us"
    for theirs, ours in zip(expected, found, strict=True):
        if abs(theirs.confidence - ours.confidence) > CONFIDENCE:
            return f"confidence {theirs} from Kaldi, {ours} from us"
    return ""


def _n_best_difference(case: Case, expected: Sequence[Scored], found: Sequence[Scored]) -> str:
    """How lists of the n best differ. Costs of ``expected`` hold the penalty of words."""
    ours = [_with_penalty(path, case.penalty) for path in found]
    return n_best_difference(expected, ours, case.scale, case.lattice_beam)


def _with_penalty(path: Scored, penalty: float) -> Scored:
    """The path with the penalty of its words in its cost."""
    return path._replace(graph=path.graph + penalty * len(path.words))


def n_best_difference(
    expected: Sequence[Scored], found: Sequence[Scored], scale: float, lattice_beam: float, cost: float = COST
) -> str:
    """How lists of the n best differ, but for the order of what costs the same; empty if they do not.

    Paths at the edge of the lattice do not count. ``cost`` is the most by which costs of a path may differ.
    """
    theirs, ours = ({path.words: path.cost(scale) for path in side} for side in (expected, found))
    if len(ours) < len(found) or len(theirs) < len(expected):
        return "a word sequence twice"
    every = [*theirs.values(), *ours.values()]
    if not every:
        return ""
    best = min(every)

    def slack(value: float) -> float:
        return cost + 1e-5 * abs(value)

    # What is beyond the end of a full list is not known.
    ends = [max(side.values()) for side in (theirs, ours) if len(side) == NUM_BEST]
    limit = min([*ends, best + lattice_beam])
    for name, one, other in (("Kaldi", theirs, ours), ("us", ours, theirs)):
        for words, value in one.items():
            if words in other and abs(other[words] - value) > slack(value):
                return f"{words} costs {value:.7g} by {name}, and {other[words]:.7g}"
            if words not in other and value < limit - slack(value):
                return f"{words} of cost {value:.7g} (best {best:.7g}) only by {name}"
    return ""
