from __future__ import annotations

import numpy as np

from ov_asr_score.job.run.nonfinite import note_nonfinite
from ov_asr_score.report.data.run import RunReport


def test_places_are_named_five_times_at_most() -> None:
    report = RunReport("1.0", notes=["graph mended"])
    bad, good = np.array([np.nan]), np.zeros(3)
    for number in range(9):
        note_nonfinite(f"input {{}} of utterance '{number}{{}}'", {"a": bad, "b": good, "c": bad}, report)
    note_nonfinite("input {}", {"b": good}, report)
    assert len(report.notes) == 6
    assert report.notes[1].startswith("not finite: input a, c of utterance '0")
