"""The report of a run as plain data: what was scored, on which device, how fast, and the distance to references."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal, TypeAlias, TypedDict

import numpy as np

from ov_asr_score.comparison import ScoreDifference, ScoreMeasures, summarize
from ov_asr_score.ports import PortInfo
from ov_asr_score.profiling import LayerTime
from ov_asr_score.report.data.failed_utterances import MAX_LISTED_FAILURES, Failure
from ov_asr_score.report.data.gna import GnaReport, PlacedLayer
from ov_asr_score.report.data.words import WordTotals

FORMAT_VERSION = 1
"""Version of the JSON report; incremented when a field is removed or changes its meaning, not when one is added."""

MAX_WORST = 10
"""Number of listed utterances with the largest distance from the reference."""

Verdict: TypeAlias = Literal["ok", "failed"]


@dataclass(frozen=True, slots=True)
class UtteranceReport:
    """One scored utterance."""

    key: str  # key of the utterance
    frames: int  # frames of the utterance itself
    context_frames: int  # frames fed besides, for context windows
    requests: int  # inference requests
    infer_seconds: float  # time in inference
    scores: dict[str, int]  # output name -> scores per frame
    differences: dict[str, ScoreDifference] = field(default_factory=dict)  # output name -> distance from its reference


@dataclass(slots=True)
class RunTotals:
    """Counts and times of the whole run; times are wall time in seconds.

    ``infer_seconds`` is the time during which at least one request was running: concurrent requests count once.
    """

    utterances: int = 0  # utterances scored
    frames: int = 0  # their frames; rows of scores in a comparison of two tables
    context_frames: int = 0  # frames fed besides, for context windows
    requests: int = 0  # inference requests
    total_seconds: float = 0.0  # the whole run
    infer_seconds: float = 0.0  # inference; requests side by side count once
    read_seconds: float = 0.0  # reading tables
    write_seconds: float = 0.0  # writing tables
    load_seconds: float = 0.0  # reading and compiling the model
    frame_shift_seconds: float = 0.01  # speech that one frame stands for
    stage_seconds: dict[str, float] = field(default_factory=dict)  # from sound to words, side by side in part
    resumed_utterances: int = 0  # of all utterances, those that an interrupted run had scored before
    resumed_frames: int = 0  # of all frames, those of resumed utterances

    @property
    def frames_per_second(self) -> float:
        """Frames scored in this run, without context, per second of inference; 0 if nothing was measured."""
        return (self.frames - self.resumed_frames) / self.infer_seconds if self.infer_seconds > 0 else 0.0

    @property
    def overall_frames_per_second(self) -> float:
        """Frames scored in this run, without context, per second of its total time; 0 if nothing was measured."""
        return (self.frames - self.resumed_frames) / self.total_seconds if self.total_seconds > 0 else 0.0

    @property
    def real_time_factor(self) -> float:
        """Seconds of inference per second of speech; 0 if there were no frames."""
        speech_seconds = (self.frames - self.resumed_frames) * self.frame_shift_seconds
        return self.infer_seconds / speech_seconds if speech_seconds > 0 else 0.0


@dataclass(frozen=True, slots=True)
class WorstUtterance:
    """One output of an utterance that is among the farthest from the reference."""

    key: str  # key of the utterance
    output: str  # name of the output
    difference: ScoreDifference  # distance of this output from its reference


class ModelFacts(TypedDict, total=False):
    """What was scored; empty for a comparison of two tables."""

    path: str  # the file
    kind: str  # what it holds: OpenVINO IR, ONNX, Kaldi nnet3 model, exported blob for CPU, …
    summary: str  # only of a model that was converted from a Kaldi model: how it is fed, in words
    conversion: dict[str, object]  # the same, fact by fact


class DeviceFacts(TypedDict, total=False):
    """What the model ran on; empty for a comparison of two tables."""

    device: str  # as asked for
    runs_on: list[str]  # devices that really compute
    name: str  # full name of the first of them
    precision: str  # what it computes in, as far as its plugin tells
    precision_requested: str  # what was asked for
    properties: dict[str, str]  # plugin properties that matter for speed


class PlanInput(TypedDict):
    """What an input of the model takes of an utterance."""

    name: str
    takes: str  # row: single frames, time: frames along an axis of time, vector: one vector for the utterance
    width: int  # values of a frame or vector
    layout: str  # its axes: N utterances, T frames, C values, 1 of length one; empty where the model is a blob
    layout_from: str  # where that comes from: as given, as the model says, by axis names, by sizes, by a trial


class PlanFacts(TypedDict, total=False):
    """How frames became requests; empty for a comparison of two tables."""

    mode: str  # rows, blocks, utterance, chunks, vectors, frames or lockstep
    frames_per_request: int  # 0: whole utterances; chunks, vectors: those of one chunk; lockstep: of each utterance
    utterances_per_request: int  # how many whole utterances share a request at most, or go through one in lockstep
    requests: int  # infer requests under way at a time
    streams: int | None  # how many of them the device computes at the same time; null: the runtime chooses
    stateful: bool  # the model has variables, which are reset before each utterance
    left_context: int  # frames of a context window before its own
    right_context: int  # frames of a context window after its own
    summary: str  # all this in words
    reason: str | None  # why this plan, where it is not the usual one
    inputs: list[PlanInput]  # what each input takes, and what its axes mean


@dataclass(slots=True)
class RunReport:
    """Everything known at the end of a run, except its utterances, which are written while it lasts."""

    tool_version: str  # version of this package
    format_version: int = FORMAT_VERSION
    command: list[str] | None = None  # the command line, word by word; null when the run was not started by one

    model: ModelFacts = field(default_factory=ModelFacts)  # what was scored
    device: DeviceFacts = field(default_factory=DeviceFacts)  # what it ran on
    inputs: list[PortInfo] = field(default_factory=list)  # the inputs of the model
    outputs: list[PortInfo] = field(default_factory=list)  # the outputs of the model
    plan: PlanFacts = field(default_factory=PlanFacts)  # how frames became requests
    versions: dict[str, str] = field(default_factory=dict)  # openvino, numpy, python, platform
    notes: list[str] = field(default_factory=list)  # warnings that do not fail the run

    totals: RunTotals = field(default_factory=RunTotals)  # counts and times of the whole run
    layers: list[LayerTime] = field(default_factory=list)  # slowest first; empty unless asked for
    placement: list[PlacedLayer] = field(default_factory=list)  # where layers run, if not all on one device
    gna: GnaReport | None = None  # where accuracy goes; only if asked for

    comparison: dict[str, ScoreDifference] = field(default_factory=dict)  # output name -> sum over all utterances
    measures: dict[str, ScoreMeasures] = field(
        default_factory=dict
    )  # output name -> classes, posteriors, where errors are
    worst: list[WorstUtterance] = field(default_factory=list)  # worst first, at most MAX_WORST

    words: WordTotals | None = None  # what came of decoding; only if asked for

    failures: list[Failure] = field(default_factory=list)  # the first MAX_LISTED_FAILURES
    num_failures: int = 0  # all utterances that were not scored
    missing_keys: dict[str, list[str]] = field(default_factory=dict)  # table -> utterances that it lacks
    extra_keys: dict[str, list[str]] = field(default_factory=dict)  # table -> utterances that only it has

    limit_messages: list[str] = field(default_factory=list)  # one message for each limit that was exceeded
    verdict: Verdict = "ok"  # whether all utterances were scored, and limits kept

    def add_failure(self, key: str, message: str) -> None:
        """Count a failure, and list it if the list is not full."""
        self.num_failures += 1
        if len(self.failures) < MAX_LISTED_FAILURES:
            self.failures.append(Failure(key, message))

    def add_difference(self, key: str, output: str, difference: ScoreDifference) -> None:
        """Add an utterance to the total of ``output``, and list it if it is among the worst so far."""
        total = self.comparison.get(output)
        self.comparison[output] = difference if total is None else total + difference
        if difference.max_abs > 0:
            self.worst.append(WorstUtterance(key, output, difference))
            self.worst.sort(key=_badness, reverse=True)
            del self.worst[MAX_WORST:]


def as_dict(report: object) -> dict[str, object]:
    """A report (a dataclass) as dicts, lists, strings and numbers: every field and every property, under its own name.

    NaN and the infinities, which JSON lacks, become the strings ``"nan"``, ``"inf"`` and ``"-inf"``. Values of other
    types, such as enums of the runtime, are converted by ``str``.
    """
    return _fields_and_properties(report)


def _badness(worst: WorstUtterance) -> tuple[float, int]:
    return worst.difference.max_abs, worst.difference.num_nonfinite_mismatch


def plain_value(value: object) -> object:
    """A value converted for JSON, see :func:`as_dict`."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, np.ndarray | np.generic):
        return plain_value(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): plain_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(item) for item in value]
    if isinstance(value, ScoreMeasures):  # its arrays have an element for every column
        value = summarize(value)
    if is_dataclass(value):
        return _fields_and_properties(value)
    return str(value)


def _fields_and_properties(instance: Any) -> dict[str, object]:
    properties = [name for name, member in vars(type(instance)).items() if isinstance(member, property)]
    names = [member.name for member in fields(instance)] + properties
    return {name: plain_value(getattr(instance, name)) for name in names}
