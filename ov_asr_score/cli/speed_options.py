"""Options for how much is scored at a time. Everything is chosen from the model and the machine unless it is forced."""

from __future__ import annotations

from typing import Annotated

import typer

from ov_asr_score.errors import UsageError
from ov_asr_score.sizes import UNITS, parse_size

_SPEED = "Speed"

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
    size = parse_size(text)
    if size is None or size < UNITS["M"]:
        raise UsageError(f"--memory-limit '{text}': expected at least 1M, as in 500M or 4G")
    return size
