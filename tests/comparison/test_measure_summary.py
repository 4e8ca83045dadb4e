"""Measures condensed for reports."""

from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.comparison import measure_scores, summarize


def test_summary_lists_worst_columns() -> None:
    reference = np.zeros((4, 50))
    found = summarize(measure_scores(reference + np.arange(50) / 10, reference))
    assert found.num_classes == 50
    assert [worst.column for worst in found.worst_classes] == list(range(49, 29, -1))
    assert found.worst_classes[0].rms == pytest.approx(4.9)
    assert found.worst_classes[0].max_abs == pytest.approx(4.9)
