"""Compares the words of both sides, utterance by utterance."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.kaldi_judge.recognition.answers import Words, kaldi_words, our_words
from tests.kaldi_judge.recognition.making import Case

Verdict = Literal["equal", "near", "both refuse", "only we", "only Kaldi", "differ", "fault"]
VERDICTS: tuple[Verdict, ...] = ("equal", "near", "both refuse", "only we", "only Kaldi", "differ", "fault")
"""``near``: Kaldi finds other words, too, with other kernels of OpenBLAS; ``fault``: an error where Kaldi has words."""

AGREE: tuple[Verdict, ...] = ("equal", "near", "both refuse")
OTHER_KERNELS = ("Haswell", "Sandybridge")


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict on an utterance, and what is to be said about it."""

    way: str
    verdict: Verdict
    key: str
    text: str = ""


def judge(case: Case, programs: Path) -> list[Finding]:
    """All findings of a case."""
    theirs, _ = kaldi_words(case, programs)
    keys = [key for part in case.speakers.values() for key in part]
    try:
        answers = our_words(case)
    except Exception as error:  # whatever it is, it is what the judge looks for
        verdict: Verdict = "fault" if theirs else "both refuse"
        return [Finding(case.kind, verdict, key, f"{type(error).__name__}: {error}") for key in keys]
    found = [_compared(way, key, theirs, ours) for way, ours in answers.items() for key in keys]
    if not any(each.verdict == "differ" for each in found):
        return found
    others = [kaldi_words(case, programs, kernels)[0] for kernels in OTHER_KERNELS]
    return [_settled(each, answers[each.way], theirs, others) for each in found]


def _compared(way: str, key: str, theirs: Words, ours: Words) -> Finding:
    if key not in theirs or key not in ours:
        if key in theirs:
            return Finding(way, "only Kaldi", key, theirs[key])
        return Finding(way, "only we", key, ours[key]) if key in ours else Finding(way, "both refuse", key)
    if theirs[key] == ours[key]:
        return Finding(way, "equal", key)
    return Finding(way, "differ", key, f"{theirs[key]!r} from Kaldi, {ours[key]!r} from us")


def _settled(finding: Finding, ours: Words, theirs: Words, others: list[Words]) -> Finding:
    """The finding, ``near`` if Kaldi does not agree with itself, or says the same with other kernels."""
    if finding.verdict != "differ":
        return finding
    said = {each.get(finding.key) for each in others}
    is_near = ours[finding.key] in said or said != {theirs[finding.key]}
    return Finding(finding.way, "near" if is_near else "differ", finding.key, finding.text)
