"""Scores of the tool beside those of onnxruntime; what it asks for is given to it, if it is the truth."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ov_asr_score import score
from ov_asr_score.errors import OvAsrScoreError
from tests.axes_proof.building import build
from tests.axes_proof.oracle import Array, expected_scores, make_tables
from tests.axes_proof.truth import TrueModel, shown

TOLERANCE = 1e-4
CHOSEN_HEAD = 1
MOST_QUESTIONS = 6
_SUGGESTED = re.compile(r"([\w.]+)\[([NTCH1?]+)\]")

Scores = dict[str, dict[str, Array]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one run: ``problem`` says in a line what is wrong, ``refusal`` what the tool asked for."""

    problem: str = ""
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The first answer, and the last one after all that was asked for was said; ``layout`` is what was said."""

    first: Answer
    last: Answer
    layout: str
    refusals: tuple[str, ...] = ()

    @property
    def kind(self) -> Literal["scored", "asked", "dead end", "wrong"]:
        """Scores were right at once, or after something was asked for and said; asked in vain; or wrong scores."""
        if self.first.problem or self.last.problem:
            return "wrong"
        if self.last.refusal:
            return "dead end"
        return "asked" if self.first.refusal else "scored"

    @property
    def reason(self) -> str:
        """One line about what is wrong."""
        if self.first.problem:
            return self.first.problem
        if self.last.problem:
            return f"with layout {self.layout}: {self.last.problem}"
        return f"dead end{f' with layout {self.layout}' if self.layout else ''}: {self.last.refusal}"


def judge(true: TrueModel, folder: Path, layout: str = "") -> Judgement:
    """The judgement on one model, whose files are written to ``folder``."""
    model, tables = build(true), make_tables(true)
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    inputs = {}
    for name, table in tables.items():
        inputs[name] = str(folder / f"{name}.npz")
        np.savez(inputs[name], **table)  # type: ignore[arg-type]
    expected = expected_scores(path.read_bytes(), true, tables)
    first = answer = _attempt(path, inputs, expected, layout, _outputs(true, ""))
    said: dict[str, str] = {}
    chosen = ""
    refusals: list[str] = []
    while answer.refusal and len(refusals) < MOST_QUESTIONS:
        refusals.append(answer.refusal)
        ones = _asked_tables(answer.refusal, true, folder, inputs)
        choice = _choice(answer.refusal, true) if not chosen else ""
        news = _true_suggestions(answer.refusal, true, said) if not layout and not choice else {}
        if not news and not choice and not ones:
            break
        inputs |= ones
        said |= news
        chosen = chosen or choice
        text = layout or ",".join(f"{name}[{letters}]" for name, letters in said.items())
        answer = _attempt(path, inputs, _chosen(expected, true, chosen), text, _outputs(true, chosen))
    text = layout or ",".join(f"{name}[{letters}]" for name, letters in said.items())
    return Judgement(first, answer, text + (f" {chosen}[{CHOSEN_HEAD}]" if chosen else ""), tuple(refusals))


def _outputs(true: TrueModel, chosen: str) -> list[str]:
    if not chosen and not any(second.result for second in true.seconds):
        return []
    return [f"{each.name}[{CHOSEN_HEAD}]" if each.name == chosen else each.name for each in true.outputs]


def _chosen(expected: Scores, true: TrueModel, chosen: str) -> Scores:
    """The expected scores with one head of the output ``chosen``."""
    if not chosen:
        return expected
    width = true.ports[chosen][1]
    columns = slice(CHOSEN_HEAD * width, (CHOSEN_HEAD + 1) * width)
    return expected | {chosen: {key: matrix[:, columns] for key, matrix in expected[chosen].items()}}


def _attempt(path: Path, inputs: dict[str, str], expected: Scores, layout: str, outputs: Sequence[str]) -> Answer:
    """What comes of scoring, compared with ``expected``."""
    try:
        results = {result.key: dict(result.scores) for result in score(path, inputs, layout=layout, outputs=outputs)}
    except OvAsrScoreError as error:
        text = str(error)
        return Answer(problem=f"error of several lines: {text!r}") if "\n" in text or not text else Answer("", text)
    except Exception as error:  # whatever it is, it is no answer for a user
        return Answer(problem=f"{type(error).__name__}: {str(error).splitlines()[:1]}")
    for name, table in expected.items():
        for key, matrix in table.items():
            found = {port.partition("[")[0]: value for port, value in results.get(key, {}).items()}.get(name)
            problem = _difference(found, matrix)
            if problem:
                return Answer(problem=f"output {name} of {key}: {problem}")
    return Answer()


def _difference(found: Any, expected: Array) -> str:
    """How scores differ; empty where they do not."""
    if found is None:
        return "no scores"
    if found.shape != expected.shape and not (len(expected) == 1 and found.shape == expected.shape[1:]):
        return f"expected {expected.shape}, found {found.shape}"
    error = np.abs(found.reshape(expected.shape).astype(np.float64) - expected)
    worst = float(np.max(error - TOLERANCE * np.abs(expected), initial=0.0))
    return f"error {np.max(error):.3g}" if not worst <= TOLERANCE else ""


def _true_suggestions(message: str, true: TrueModel, said: dict[str, str]) -> dict[str, str]:
    """Layouts that a message offers and that are the truth, for ports of which nothing was said yet."""
    ports = true.ports
    found: dict[str, str] = {}
    for name, letters in _SUGGESTED.findall(message):
        if name in ports and name not in said and name not in found and _is_true(letters, true, *ports[name]):
            found[name] = letters
    return found


def _is_true(letters: str, true: TrueModel, truth: str, width: int) -> bool:
    """Whether a layout says what is so: axes of length 1 have no meaning, those of values may be any others."""
    if len(letters) != len(truth):
        return False
    for letter, true_letter in zip(letters, shown(truth), strict=True):
        single = true_letter != "?" and true.axis_length(true_letter, width) == 1
        fits = "N1C?" if single else "CH?" if true_letter in "C?" else true_letter
        if true_letter == "N" and true.by_rows:
            fits += "T"  # rows are frames of one utterance, too
        if letter not in fits:
            return False
    return True


def _asked_tables(message: str, true: TrueModel, folder: Path, inputs: dict[str, str]) -> dict[str, str]:
    """Tables of ones for the masks, and of lengths, of which a message says that they have none."""
    tables = {}
    for second in true.seconds:
        if second.kind in ("mask", "length") and f"no table for input {second.name}" in message:
            rows = {f"u{number}": np.ones((length, 1)) if second.kind == "mask" else np.array([length])
                    for number, length in enumerate(true.lengths)}  # fmt: skip
            tables[second.name] = str(folder / f"{second.name}.npz")
            np.savez(tables[second.name], **{key: value.astype(np.float32) for key, value in rows.items()})  # type: ignore[arg-type]
    return {name: path for name, path in tables.items() if name not in inputs}


def _choice(message: str, true: TrueModel) -> str:
    """The output of which a message wants one head to be chosen."""
    heads = [each.name for each in true.outputs if each.heads > 1]
    return next((name for name in heads if f"'{name}'" in message and "[0]" in message), "")
