"""Options about what a command says, which are no settings of its job."""

from __future__ import annotations

from typing import Annotated

from ov_asr_score.settings.setting import REPORTS, Setting

Quiet = Annotated[bool, Setting("Errors only.", panel=REPORTS)]
Verbose = Annotated[bool, Setting("Every utterance, ports, versions, all layers.", names=("-v",), panel=REPORTS)]
AsJson = Annotated[bool, Setting("All of it as one JSON object.", names=("--json",))]
