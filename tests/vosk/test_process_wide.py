"""The level of messages."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from ov_asr_score.vosk.process_wide import GpuInit, GpuThreadInit, SetLogLevel


@pytest.fixture(autouse=True)
def level() -> Iterator[None]:
    logger = logging.getLogger("ov_asr_score")
    before = logger.level
    yield
    logger.setLevel(before)


def test_levels() -> None:
    logger = logging.getLogger("ov_asr_score.vosk")
    for level, expected in ((-1, logging.WARNING), (0, logging.INFO), (1, logging.DEBUG)):
        SetLogLevel(level)
        assert logger.getEffectiveLevel() == expected


def test_there_is_nothing_to_prepare() -> None:
    GpuInit()
    GpuThreadInit()
