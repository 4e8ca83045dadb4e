"""Options for how much is scored at a time. Everything is chosen from the model and the machine unless it is forced."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from ov_asr_score.errors import UsageError

_SPEED = "Speed"
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}

BatchOption = Annotated[
    int,
    typer.Option(
        "--batch-size",
        "--batch_size",
        "-bs",
        min=0,
        metavar="N",
        help="Frames per infer request, or utterances where several share requests; 0: chosen from the model.",
        rich_help_panel=_SPEED,
    ),
]
RequestsOption = Annotated[
    int,
    typer.Option(
        "--requests",
        "-nireq",
        min=0,
        metavar="N",
        help="Infer requests under way at a time; 0: one more than streams.",
        rich_help_panel=_SPEED,
    ),
]
ThreadsOption = Annotated[
    int, typer.Option("--threads", "-nthreads", min=0, metavar="N", help="CPU threads; 0: all.", rich_help_panel=_SPEED)
]
StreamsOption = Annotated[
    int,
    typer.Option(
        "--streams",
        "-nstreams",
        min=0,
        metavar="N",
        help="Inferences that run at the same time; 0: chosen.",
        rich_help_panel=_SPEED,
    ),
]
MemoryOption = Annotated[
    str,
    typer.Option(
        "--memory-limit",
        metavar="SIZE",
        help="Memory for features and scores on their way: 500M, 4G. The model and the runtime come on top.",
        rich_help_panel=_SPEED,
    ),
]


def parse_memory(text: str) -> int:
    """Bytes from a number with or without K, M, G or T (powers of 1024) behind it. Raises UsageError."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE | re.ASCII)
    size = int(float(match[1]) * _UNITS[match[2].upper()]) if match else 0
    if size < _UNITS["M"]:
        raise UsageError(f"--memory-limit '{text}': expected at least 1M, as in 500M or 4G")
    return size
