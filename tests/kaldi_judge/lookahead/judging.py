"""Compares the answers of both sides, utterance by utterance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from tests.kaldi_judge.decoding.answers import Answers
from tests.kaldi_judge.decoding.judging import n_best_difference
from tests.kaldi_judge.lookahead.answers import kaldi_answers, our_answers
from tests.kaldi_judge.lookahead.making import Case
from tests.kaldi_judge.programs import NO_END

Verdict = Literal[
    "equal",
    "tie",
    "cheaper",
    "limits",
    "partial",
    "both refuse",
    "Kaldi ended",
    "only we",
    "only Kaldi",
    "dearer",
    "differ",
    "fault",
]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
"""``tie``: another path of the same cost; ``cheaper``, ``dearer``: ours costs less, or more; ``limits``: both say the
same where beam and limits of tokens are wide; ``partial``: of a path without an end, in whose cost Kaldi's search has
as much of the words ahead as it has pushed; ``Kaldi ended``: before the utterance, or in lattices of too many paths.
"""

AGREE: tuple[Verdict, ...] = ("equal", "tie", "cheaper", "limits", "partial", "both refuse", "Kaldi ended")
WIDE = 60.0
"""A beam."""

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
    if NO_END in theirs.said and not theirs.words:
        return [Finding("words", "Kaldi ended", key, NO_END) for key in case.utterances]
    try:
        ours = our_answers(case)
    except Exception as error:  # whatever it is, it is what the judge looks for
        return [Finding("words", "fault", text=f"{type(error).__name__}: {error}")]
    found = judge_answers(case, theirs, ours)
    if any(each.verdict not in AGREE for each in found):
        wide = without_limits(case)
        others = judge_answers(wide, kaldi_answers(wide, programs, passing), our_answers(wide))
        agreed = {each.key for each in others} - {each.key for each in others if each.verdict not in AGREE}
        found = [
            replace(each, verdict="limits") if each.verdict not in AGREE and each.key in agreed else each
            for each in found
        ]
    return found


def without_limits(case: Case) -> Case:
    """The case with wide limits."""
    options = replace(case.options, beam=WIDE, max_active=None, min_active=None)
    return replace(case, options=options, kaldi_options=[*case.kaldi_options, f"--beam={WIDE}", *_NO_LIMITS])


_NO_LIMITS = ("--max-active=2000000000", "--min-active=200")


def judge_answers(case: Case, theirs: Answers, ours: Answers) -> list[Finding]:
    """What is to be said of the answers of both sides."""
    return [finding for key in case.utterances for finding in _of_utterance(case, key, theirs, ours)]


def _slack(answers: Answers, key: str) -> float:
    """By how much costs of a path may differ: what Kaldi logs has six digits, and it rounds."""
    return 1e-3 + 1e-5 * abs(answers.costs[key]) + _ROUNDED * (1 + len(answers.alignments[key]))


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
    is_partial = any("partial output" in line and key in line.split() for line in theirs.said)
    verdict = "equal" if is_tie else "partial" if is_partial else "differ"
    yield Finding("cost", verdict, key, f"{text} for the same path")
    if key not in theirs.nbest:
        yield Finding("n best", "Kaldi ended", key)
        return
    difference = n_best_difference(
        theirs.nbest.get(key, []),
        ours.nbest.get(key, []),
        case.scale,
        case.options.lattice_beam or 0.0,
        _slack(ours, key),
    )
    verdict = "equal" if not difference else "partial" if is_partial else "differ"
    yield Finding("n best", verdict, key, difference)
