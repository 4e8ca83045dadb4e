"""Requests of a fixed number of frames that overlap: by how many frames they advance, and which frames rows are of.

Streaming exports of icefall take T frames, of which the last ones are only looked at; the next request begins
``decode_chunk_len`` frames later::

    frames   0 1 2 3 4 5 6 7 8 9 …          T = 6, shift 4, 2 rows for each request: a row for every 2 frames
    request  0 1 2 3 4 5
                     4 5 6 7 8 9
    rows     0   1   2   3
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

from ov_asr_score.errors import UnsupportedModelError, UsageError
from ov_asr_score.openvino_api import ov
from ov_asr_score.ov_model.model_description import read_metadata
from ov_asr_score.ports import PortInfo, shape_text
from ov_asr_score.scoring.plan import BlocksPlan, Plan
from ov_asr_score.scoring.scorer_options import ScorerOptions

_SHIFT, _WINDOW = "decode_chunk_len", "T"


@dataclass(frozen=True, slots=True)
class ChunkShift:
    """Requests advance by so many ``frames``; ``source`` says who told, ``window`` how many frames they have to have.

    ``window`` 0: any.
    """

    frames: int
    source: str
    window: int = 0


def find_shift(model: ov.Model | None, asked: int) -> ChunkShift | None:
    """By how many frames requests advance: as ``asked``, else as the metadata of the model say; None: nobody says it.

    ``model`` is None for a blob, which has no metadata.
    """
    if asked:
        return ChunkShift(asked, "as given")
    metadata = read_metadata(model) if model is not None else {}
    frames, window = (_number(metadata.get(name, "")) for name in (_SHIFT, _WINDOW))
    return ChunkShift(frames, f"{_SHIFT} in the metadata of the model", window) if frames else None


def advance_by(
    plan: Plan, outputs: Sequence[PortInfo], shift: ChunkShift | None, options: ScorerOptions, *, are_usual: bool
) -> Plan:
    """The plan whose requests advance by ``shift``, where they have a fixed number of frames and hand on states.

    ``outputs`` are those that are scored. Where they do not have rows before values (``are_usual``), nothing is known
    of their rows yet, and the plan stays.

    Raises UsageError for a shift that was asked for and has no effect, or that does not go with context windows;
    UnsupportedModelError where the rows of a request are not its frames, and the shift does not say which they are.
    """
    if not isinstance(plan, BlocksPlan) or not plan.stateful:
        refuse_asked(options, plan)
        return plan
    outputs = [port for port in outputs if port.name not in plan.vectors]
    if not are_usual or not outputs or (plan.frames_per_request == 1 and not options.chunk_shift):
        return plan
    frames = plan.frames_per_request
    rows = _rows(outputs)
    if shift is None:
        if rows in (None, frames):
            return plan
        raise UnsupportedModelError(
            f"output '{outputs[0].name}' {shape_text(outputs[0].shape)}: requests of {frames} frames give {rows} rows; "
            "say by how many frames requests advance with chunk_shift",
            fields=("chunk_shift",),
        )
    if shift.window not in (0, frames):
        raise UnsupportedModelError(
            f"the metadata of the model say {_WINDOW}={shift.window} and {_SHIFT}={shift.frames}, its requests have "
            f"{frames} frames; say by how many frames requests advance with chunk_shift",
            fields=("chunk_shift",),
        )
    if rows is None or shift.frames > frames or shift.frames % rows:
        found = f"{rows} rows" if rows is not None else "an unknown number of rows"
        raise UnsupportedModelError(
            f"output '{outputs[0].name}' {shape_text(outputs[0].shape)}: requests of {frames} frames give {found}, and "
            f"advance by {shift.frames} frames ({shift.source}): expected at most {frames}, and a whole number of "
            "frames for each row; chunk_shift says it otherwise",
            fields=("chunk_shift",),
        )
    if rows == shift.frames == frames:
        return plan  # frames and rows one by one, nothing overlaps
    if options.left_context or options.right_context:
        raise UsageError(
            f"left_context, right_context: requests of {frames} frames that advance by {shift.frames} have their "
            "context inside; leave them out",
            fields=("left_context", "right_context"),
        )
    factor = shift.frames // rows
    every = "frame" if factor == 1 else f"{factor} frames"
    ignored = f"; batch size {options.batch_size} has no effect" if options.batch_size > 1 else ""
    reason = (
        f"the time axis holds {frames} frames, and requests advance by {shift.frames} ({shift.source}): {rows} "
        f"row{'s' if rows > 1 else ''} each, one for every {every}{ignored}"
    )
    return replace(plan, shift=shift.frames, rows_per_request=rows, reason=reason)


def refuse_asked(options: ScorerOptions, plan: Plan) -> None:
    """Raise UsageError where a shift is asked for, and ``plan`` has no requests that could overlap."""
    if options.chunk_shift:
        why = "is fed otherwise"
        if not plan.stateful or plan.mode == "utterance":
            why = "has a free time axis" if plan.stateful else "has no states"
        raise UsageError(
            f"chunk_shift {options.chunk_shift}: requests overlap where a model has states and takes a fixed number of "
            f"frames; this one {why}",
            fields=("chunk_shift",),
        )


def _rows(outputs: Sequence[PortInfo]) -> int | None:
    """Rows of scores that a request gives; None where that is not known. Raises UnsupportedModelError."""
    counts = []
    for port in outputs:
        lengths = (None,) if port.shape is None else port.shape[:-1]
        counts.append(None if None in lengths else prod(length or 1 for length in lengths))
    if len(set(counts)) > 1:
        texts = ", ".join(f"'{port.name}' {shape_text(port.shape)}" for port in outputs)
        raise UnsupportedModelError(
            f"outputs {texts} have different numbers of rows for the frames of a request; choose one of them"
        )
    return counts[0]


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
