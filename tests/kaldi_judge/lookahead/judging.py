"""Compares the answers of both sides, utterance by utterance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from tests.kaldi_judge.decoding.answers import Answers
from tests.kaldi_judge.decoding.judging import n_best_difference
from tests.kaldi_judge.lookahead.answers import kaldi_answers, our_answers
from tests.kaldi_judge.lookahead.making import Case
from tests.kaldi_judge.programs import NO_END

Verdict = Literal[
    *("equal", "tie", "cheaper", "near", "both refuse", "Kaldi ended", "only we", "only Kaldi", "dearer"),
    *("differ", "fault"),
]
VERDICTS: tuple[Verdict, ...] = (
    *("equal", "tie", "cheaper", "near", "both refuse", "Kaldi ended", "only we", "only Kaldi", "dearer"),
    *("differ", "fault"),
)
"""``tie``: another path of the same cost; ``cheaper``, ``dearer``: ours costs less, or more; ``near``: Kaldi finds no
better one itself with a beam that is narrower by ``NARROWER``.
"""

AGREE: tuple[Verdict, ...] = ("equal", "tie", "cheaper", "near", "both refuse", "Kaldi ended")
NARROWER = 0.5
_ROUNDED = 1 / 1024
"""Kaldi rounds each weight that it pushes to a multiple of it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict on one thing that both said of an utterance, and what is to be said about it."""

    thing: str
    verdict: Verdict
    key: str = ""
    text: str = ""


def judge(case: Case, programs: Path, passing: Path) -> list[Finding]:
    """All findings of a case."""
    theirs = kaldi_answers(case, programs, passing)
    if NO_END in theirs.said:
        return [Finding("words", "Kaldi ended", key, NO_END) for key in case.utterances]
    try:
        ours = our_answers(case)
    except Exception as error:  # whatever it is, it is what the judge looks for
        return [Finding("words", "fault", text=f"{type(error).__name__}: {error}")]
    found = [finding for key in case.utterances for finding in _of_utterance(case, key, theirs, ours)]
    if any(each.verdict in ("dearer", "only Kaldi") for each in found):
        narrow = replace(case, kaldi_options=[*case.kaldi_options, f"--beam={case.options.beam - NARROWER}"])
        others = kaldi_answers(narrow, programs, passing)
        found = [_settled(each, ours, others) for each in found]
    return found


def _settled(finding: Finding, ours: Answers, narrow: Answers) -> Finding:
    """The finding, ``near`` if Kaldi's search does no better with a narrower beam."""
    key = finding.key
    is_near = finding.verdict == "only Kaldi" and key not in narrow.words
    if finding.verdict == "dearer":
        is_near = key not in narrow.costs or narrow.costs[key] > ours.costs[key] - _slack(ours, key)
    return replace(finding, verdict="near") if is_near else finding


def _slack(answers: Answers, key: str) -> float:
    """By how much costs of a path may differ: what Kaldi logs has six digits, and it rounds."""
    return 1e-3 + 1e-5 * abs(answers.costs[key]) + _ROUNDED * (1 + len(answers.alignments[key])) / 2


def _of_utterance(case: Case, key: str, theirs: Answers, ours: Answers) -> Iterator[Finding]:
    if key not in theirs.words or key not in ours.words:
        if key in theirs.words:
            yield Finding("words", "only Kaldi", key, "; ".join(line for line in ours.said if line.startswith(key)))
        elif key not in ours.words:
            yield Finding("words", "both refuse", key)
        elif theirs.code < 0 or theirs.code > 1:
            yield Finding("words", "Kaldi ended", key, "; ".join(theirs.said[-1:]))
        else:
            yield Finding("words", "only we", key, "; ".join(line for line in theirs.said if key in line.split()))
        return
    cost, other = ours.costs[key], theirs.costs.get(key, float("nan"))
    is_tie = abs(cost - other) <= _slack(ours, key)
    text = f"cost {cost:.7g}, Kaldi's {other:.7g}"
    for thing, expected, found in (
        ("words", theirs.words[key], ours.words[key]),
        ("alignment", theirs.alignments[key], ours.alignments[key]),
    ):
        verdict: Verdict = "tie" if is_tie else "cheaper" if cost < other else "dearer"
        yield Finding(thing, "equal" if expected == found else verdict, key, text)
    if theirs.alignments[key] != ours.alignments[key] or theirs.words[key] != ours.words[key]:
        return
    yield Finding("cost", "equal" if is_tie else "differ", key, f"{text} for the same path")
    difference = n_best_difference(
        theirs.nbest.get(key, []),
        ours.nbest.get(key, []),
        case.scale,
        case.options.lattice_beam or 0.0,
        _slack(ours, key),
    )
    yield Finding("n best", "differ" if difference else "equal", key, difference)
