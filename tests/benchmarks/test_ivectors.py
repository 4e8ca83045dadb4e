"""The benchmark of i-vectors, and the extractor that it makes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.ivectors import KALDI, OURS, extract_alone, extract_live, main, make_subject
from benchmarks.models.extractors import ExtractorSize
from ov_asr_score.ivector.extraction import extract_ivectors
from ov_asr_score.ivector.utterance_queue import IvectorUtterance

SIZE = ExtractorSize(gaussians=16, ivector=9, frame=12, features=10)


def test_contestants(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--turns", "1", "--seconds", "1", "--only", "small"]) == 0
    printed = capsys.readouterr().out
    assert f"small, {OURS}" in printed and KALDI not in printed


def test_made_extractor(tmp_path: Path) -> None:
    subject = make_subject("large", tmp_path, 12, SIZE)
    extractor = subject.extractor
    assert (extractor.gmm.num_gaussians, extractor.ivector_dim, extractor.feature_dim) == (16, 9, 10)
    assert extractor.options.max_count == 100 and extractor.notes == () and subject.seconds == 12
    for found in extract_ivectors(extractor, [IvectorUtterance(*each) for each in subject.features.items()]):
        assert found.ivectors.shape == (60, 9) and np.isfinite(found.ivectors).all()
        assert 0.1 < np.linalg.norm(found.ivectors[-1]) < 30, "neither nothing nor wild"
    extract_alone(subject)
    extract_live(subject)
