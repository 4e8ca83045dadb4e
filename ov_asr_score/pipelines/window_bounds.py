"""``chunk_length_s`` and ``stride_length_s``: bounds of what is computed at a time, which change no result."""

from __future__ import annotations

from collections.abc import Sequence

from ov_asr_score.pipelines.refusals import PipelineUsageError


def check_windows(chunk_length_s: float | None, stride_length_s: float | Sequence[float] | None) -> None:
    """Raise PipelineUsageError for lengths in seconds that contradict each other, as other pipelines do.

    0 and None are no chunks. Results are those of whole recordings in any case: a network is given what it needs.
    """
    chunk = 0.0 if chunk_length_s is None else _seconds("chunk_length_s", chunk_length_s)
    if stride_length_s is None:
        return
    strides = stride_length_s if isinstance(stride_length_s, Sequence) else (stride_length_s, stride_length_s)
    if isinstance(strides, str) or len(strides) != 2:
        raise PipelineUsageError(
            f"stride_length_s: expected seconds, or a pair (left, right), found {stride_length_s!r}",
            fields=("stride_length_s",),
        )
    left, right = (_seconds("stride_length_s", each) for each in strides)
    if chunk and left + right >= chunk:
        raise PipelineUsageError(
            f"stride_length_s: expected less than chunk_length_s ({chunk:g} s) on both sides together, found "
            f"{left + right:g} s",
            fields=("stride_length_s", "chunk_length_s"),
        )


def _seconds(name: str, value: object) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < float("inf"):
        return float(value)
    raise PipelineUsageError(f"{name}: expected seconds, 0 or more, found {value!r}", fields=(name,))
