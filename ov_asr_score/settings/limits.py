"""How far scores may be from their reference."""

from dataclasses import dataclass
from typing import Annotated

from ov_asr_score.settings.setting import COMPARISON, Setting

DEFAULT_THRESHOLD = 1e-4
"""Absolute error above which a score is counted, unless the user names another one."""

Threshold = Annotated[
    float, Setting("Absolute errors above it are counted.", metavar="X", panel=COMPARISON, least=0.0, in_suite=True)
]
Measures = Annotated[
    bool,
    Setting(
        "Errors alone: no best classes, posteriors, percentiles, which take most of the time of a comparison.",
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
        Setting("Exit code 1 when the largest absolute error exceeds it.", metavar="X", panel=COMPARISON, least=0.0),
    ] = None
    max_rms_error: Annotated[
        float | None,
        Setting("Exit code 1 when the RMS error exceeds it.", metavar="X", panel=COMPARISON, least=0.0),
    ] = None
    max_relative_error: Annotated[
        float | None,
        Setting("Exit code 1 when the largest relative error exceeds it.", metavar="X", panel=COMPARISON, least=0.0),
    ] = None
    min_agreement: Annotated[
        float | None,
        Setting(
            "Exit code 1 when a smaller share of frames (0 to 1) has the same best class.",
            metavar="SHARE",
            panel=COMPARISON,
            least=0.0,
            most=1.0,
        ),
    ] = None
    max_kl: Annotated[
        float | None,
        Setting(
            "Exit code 1 when the mean KL divergence of the posteriors exceeds it.",
            metavar="NATS",
            panel=COMPARISON,
            least=0.0,
        ),
    ] = None
