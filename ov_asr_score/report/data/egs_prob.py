"""The report of a model's objective on training examples.

Tests: tests/report/console/test_egs_prob.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

FORMAT = "ov-asr-score-egs-prob"
FORMAT_VERSION = 1

FigureName: TypeAlias = Literal["log-likelihood", "objective", "log-probability", "probability"]


@dataclass(frozen=True, slots=True)
class OutputObjective:
    """The figures of one output, as Kaldi's programs log them."""

    name: str
    figure: FigureName
    """What Kaldi's log calls ``per_frame``: ``objective`` of a quadratic output, ``log-probability`` of chain training,
    ``probability`` (of nnet2), which is the mean logarithm, else ``log-likelihood``."""
    per_frame: float  # sum of the objective over all rows, divided by ``frames``; NaN without any
    frames: float  # sum of the weights of all rows, of which frames usually have 1
    accuracy: (
        float | None
    )  # share of ``accuracy_frames`` whose best class is that of the label; null for chain training
    accuracy_frames: float  # sum of all labels; ``frames`` but for a quadratic output
    l2_term: float | None = None  # part of ``per_frame`` that regularizes the scores of chain training
    forgetting_term: float | None = None  # of chain examples with posteriors of another model; not in ``per_frame``


@dataclass(frozen=True, slots=True)
class EgsProbReport:
    """The objective of a model on examples, and whether it keeps to the limits."""

    model: str
    kind: Literal["nnet2", "nnet3", "chain"]  # of the examples
    tables: Sequence[str]
    examples: int  # entries of the tables, each one or several merged
    sequences: int  # pieces of speech in all examples
    graphs: int  # different combinations of frames, each of which needed a graph of its own
    outputs: Sequence[OutputObjective]  # in the order in which they came
    failures: Sequence[str]  # what does not keep to the limits
    notes: Sequence[str]
    total_seconds: float
    command: Sequence[str] | None
    tool_version: str
    versions: Mapping[str, str]

    @property
    def verdict(self) -> Literal["ok", "failed"]:
        """``ok`` unless something does not keep to its limit, or nothing was computed."""
        return "failed" if self.failures else "ok"
