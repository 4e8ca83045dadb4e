"""Options about what a command says, which are no settings of its job.

Tests: tests/cli/test_app.py
"""

from __future__ import annotations

from typing import Annotated

from ov_asr_score.settings.setting import REPORTS, Setting

Quiet = Annotated[bool, Setting("Print errors only.", panel=REPORTS)]
Verbose = Annotated[
    bool, Setting("Show every utterance, inputs and outputs, versions, and all layers.", names=("-v",), panel=REPORTS)
]
AsJson = Annotated[bool, Setting("Print everything as one JSON object.", names=("--json",))]
