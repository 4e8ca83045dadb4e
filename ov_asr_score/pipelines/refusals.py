"""Errors of pipelines, which are ValueErrors too: that is what callers of other pipelines look for.

Tests: tests/pipelines/test_sound_inputs.py
"""

from __future__ import annotations

from ov_asr_score.errors import SoundFormatError, UsageError


class PipelineUsageError(UsageError, ValueError):
    """An argument of a pipeline that cannot be."""


class PipelineSoundError(SoundFormatError, ValueError):
    """Sound that a pipeline cannot read."""
