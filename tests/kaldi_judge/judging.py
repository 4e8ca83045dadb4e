"""One changed model after the other: what Kaldi and we make of it, and whether both agree."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from tests.kaldi_judge.field_changes import FIELD_CHANGES
from tests.kaldi_judge.noise import IN_BINARY, IN_TEXT
from tests.kaldi_judge.outcomes import Outcome, Refusal, kaldi_outcome, our_outcome
from tests.kaldi_judge.start_models import StartModel
from tests.kaldi_judge.value_changes import VALUE_CHANGES
from tests.kaldi_judge.values import as_bytes

Verdict: TypeAlias = Literal[
    "equal",
    "both refuse",
    "we refuse",
    "kaldi refuses",
    "kaldi crashes",
    "differ",
    "kaldi is random",
    "we crash",
]
VERDICTS: tuple[Verdict, ...] = (
    *("equal", "both refuse", "we refuse", "kaldi refuses", "kaldi crashes", "differ", "kaldi is random", "we crash"),
)
"""``kaldi crashes``: a signal that is no assertion, where we have scores; ``kaldi is random``: never the same."""

TOLERANCE = 1e-4
"""Largest difference of scores: absolute below 1, else relative to the largest score of the utterance."""


@dataclass(frozen=True, slots=True)
class ChangedModel:
    """A model that is like ``start`` but for the ``changes``, by their names; ``data`` are the bytes of its file."""

    start: StartModel
    changes: tuple[str, ...]
    binary: bool
    data: bytes


def changed_model(starts: Sequence[StartModel], seed: int, number: int) -> ChangedModel:
    """The changed model of that number, the same for the same seed."""
    chance = random.Random(f"{seed} {number}")
    start = chance.choice(starts)
    binary = chance.random() < 0.5
    values = start.values
    names: list[str] = []
    kinds = chance.choices(("values", "both", "bytes"), (0.79, 0.06, 0.15))[0]
    if kinds != "bytes":
        wanted = chance.choice((1, 1, 1, 2))
        for _ in range(20):
            change = chance.choice(VALUE_CHANGES if chance.random() < 0.7 else FIELD_CHANGES)
            changed = change(values, chance)
            if changed is not None and changed != values:
                values = changed
                names.append(change.__name__)
            if len(names) == wanted:
                break
    data = as_bytes(values, binary=binary)
    if kinds != "values" or not names:
        damage = chance.choice(IN_BINARY if binary else IN_TEXT)
        data = damage(data, chance)
        names.append(damage.__name__)
    return ChangedModel(start, tuple(names), binary, data)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of a changed model."""

    verdict: Verdict
    kaldi: str
    ours: str


def judge(model: ChangedModel, generation: str, programs: Path, folder: Path) -> Judgement:
    """The verdict on a model; ``folder`` is emptied, and holds its files afterwards."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(model.start.folder, folder, ignore=shutil.ignore_patterns("output*", "*.txt", "case.toml"))
    (folder / model.start.changed).write_bytes(model.data)
    start = model.start
    theirs = kaldi_outcome(programs, start.program, start.options, start.model, folder)
    ours = our_outcome(generation, start.case, start.options, start.model, folder)
    verdict = verdict_of(theirs, ours)
    if verdict in ("differ", "we refuse"):
        again = kaldi_outcome(programs, start.program, start.options, start.model, folder, other_memory=True)
        if isinstance(theirs, Refusal) or isinstance(again, Refusal) or difference(theirs, again):
            verdict = "kaldi is random"
    if verdict == "differ" and not isinstance(theirs, Refusal) and not isinstance(ours, Refusal):
        return Judgement(verdict, difference(theirs, ours), "")
    return Judgement(verdict, _told(theirs), _told(ours))


def verdict_of(theirs: Outcome, ours: Outcome) -> Verdict:
    """Whether the two agree."""
    if isinstance(ours, Refusal):
        if ours.crashed:
            return "we crash"
        return "both refuse" if isinstance(theirs, Refusal) else "we refuse"
    if isinstance(theirs, Refusal):
        return "kaldi crashes" if theirs.crashed else "kaldi refuses"
    return "differ" if difference(theirs, ours) else "equal"


def difference(theirs: Outcome, ours: Outcome) -> str:
    """How scores differ; empty if they do not."""
    if isinstance(theirs, Refusal) or isinstance(ours, Refusal):
        return "" if isinstance(theirs, Refusal) and isinstance(ours, Refusal) else "only one of them has scores"
    # Kaldi leaves out utterances that are too short for --pad-input=false, we write matrices without rows.
    ours = {key: scores for key, scores in ours.items() if len(scores) or key in theirs}
    if theirs.keys() != ours.keys():
        return f"keys: Kaldi has {len(theirs)}, we have {len(ours)}"
    for key, expected in theirs.items():
        found = ours[key]
        if found.shape != expected.shape:
            return f"{key}: shape {list(expected.shape)} from Kaldi, {list(found.shape)} from us"
        finite = np.isfinite(expected)
        if not np.array_equal(np.where(finite, 0, expected), np.where(finite, 0, found), equal_nan=True):
            return f"{key}: NaN or infinity in other places"
        largest = max(1.0, float(np.abs(expected[finite]).max(initial=0)))
        error = np.zeros(expected.shape)
        error[finite] = np.abs(found[finite].astype(np.float64) - expected[finite])
        if error.max(initial=0) > TOLERANCE * largest:
            place = np.unravel_index(int(np.argmax(error)), error.shape)
            return f"{key} {list(map(int, place))}: {expected[place]:.6g} from Kaldi, {found[place]:.6g} from us"
    return ""


def _told(outcome: Outcome) -> str:
    return outcome.message if isinstance(outcome, Refusal) else "scores"
