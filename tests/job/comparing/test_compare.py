from __future__ import annotations

from pathlib import Path

import numpy as np

from ov_asr_score.comparison import Limits
from ov_asr_score.job import CompareJob, run_comparison
from ov_asr_score.report.data.run import UtteranceReport
from tests.tiny_model import write_table


def test_matrices_and_vectors(folder: Path) -> None:
    table = {"matrix": np.ones((2, 3), np.float32), "vector": np.ones(3, np.float32)}
    write_table("a.ark", table)
    write_table("b.npz", {key: array + 0.5 for key, array in table.items()})
    seen: list[UtteranceReport] = []
    report = run_comparison(CompareJob("a.ark", "b.npz", limits=Limits(max_error=0.5)), seen.append)
    assert report.verdict == "ok"
    assert [(each.key, each.frames, each.scores) for each in seen] == [
        ("matrix", 2, {"scores": 3}),
        ("vector", 1, {"scores": 3}),
    ]
    assert seen[0].differences["scores"].max_abs == 0.5
    assert (report.comparison["scores"].frames, report.totals.frames) == (3, 3)
    assert run_comparison(CompareJob("a.ark", "b.npz", limits=Limits(max_rms_error=0.4))).verdict == "failed"
