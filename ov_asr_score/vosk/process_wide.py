"""What vosk sets for the whole process."""

from __future__ import annotations

import logging

_PACKAGE = "ov_asr_score"


def SetLogLevel(level: int) -> None:
    """Log nothing but warnings below 0, what is read at 0, and more above. Lines go where ``logging`` sends them."""
    logging.getLogger(_PACKAGE).setLevel(
        logging.WARNING if level < 0 else logging.INFO if level == 0 else logging.DEBUG
    )


def GpuInit() -> None:
    """Nothing: a Model is told its device (``Model(PATH, device=…)``)."""


def GpuThreadInit() -> None:
    """Nothing, as above."""
