"""How far scores may be from their reference.

Tests: tests/comparison/test_limits.py, tests/settings/test_setting.py
"""

from dataclasses import dataclass
from typing import Annotated

from ov_asr_score.settings.setting import COMPARISON, Setting

DEFAULT_THRESHOLD = 1e-4
"""Absolute error above which a score is counted, unless the user names another one."""

Threshold = Annotated[
    float, Setting("Count the absolute errors above X.", metavar="X", panel=COMPARISON, least=0.0, in_suite=True)
]
Measures = Annotated[
    bool,
    Setting(
        "Compute errors only, without class agreement, posteriors and percentiles, which take most of the time.",
        names=("--no-measures",),
        panel=COMPARISON,
        switches_off=True,
    ),
]


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest errors, and the least agreement, that still pass; ``None`` sets no limit."""

    max_error: Annotated[
        float | None,
        Setting("Exit with code 1 if the largest absolute error exceeds X.", metavar="X", panel=COMPARISON, least=0.0),
    ] = None
    max_rms_error: Annotated[
        float | None,
        Setting("Exit with code 1 if the RMS error exceeds X.", metavar="X", panel=COMPARISON, least=0.0),
    ] = None
    max_relative_error: Annotated[
        float | None,
        Setting("Exit with code 1 if the largest relative error exceeds X.", metavar="X", panel=COMPARISON, least=0.0),
    ] = None
    min_agreement: Annotated[
        float | None,
        Setting(
            "Exit with code 1 if a smaller share of frames (0 to 1) has the same best class.",
            metavar="SHARE",
            panel=COMPARISON,
            least=0.0,
            most=1.0,
        ),
    ] = None
    max_kl: Annotated[
        float | None,
        Setting(
            "Exit with code 1 if the mean KL divergence of the posteriors exceeds NATS.",
            metavar="NATS",
            panel=COMPARISON,
            least=0.0,
        ),
    ] = None
