"""Tests of i-vectors written as tables, against ivector-extract-online2."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import MissingUtteranceError, ShapeMismatchError
from ov_asr_score.job.ivectors import write_ivectors
from ov_asr_score.settings.speech.feature_jobs import IvectorsJob
from ov_asr_score.settings.speech.ivectors import IvectorOptions, IvectorTableSettings
from tests.command_line import ROOT
from tests.frontend.places import EXTRACTOR, IVECTOR, stored

CONFIG = IvectorOptions(ivector_extraction_config=str(EXTRACTOR / "ivector_extractor.conf"), max_count=0)


@pytest.fixture(autouse=True)
def in_ivector(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths in scripts are relative to their folder."""
    monkeypatch.chdir(IVECTOR)


def assert_near(found: dict[str, np.ndarray], archive: str) -> None:
    expected = stored(f"online/{archive}.ark")
    assert list(found) == list(expected)
    differences = np.concatenate([np.abs(found[key] - rows).ravel() for key, rows in expected.items()])
    assert np.median(differences) < 1e-5
    assert np.quantile(differences, 0.99) < 2e-3
    # the first row of one utterance moves by up to 0.09 with the last bit of the state that it begins with
    assert np.sort(differences)[-2] < 4e-2
    assert differences.max() < 0.17


@pytest.mark.parametrize(
    ("spk2utt", "table", "archive"),
    [
        ("", IvectorTableSettings(), "utt_p10"),
        ("ark:spk2utt", IvectorTableSettings(), "spk_p10"),
        ("spk2utt_two", IvectorTableSettings(repeat=True), "two_spk_p10_repeat"),
        ("spk2utt_two", IvectorTableSettings(frame_weights="ark:frame_weights.txt"), "two_spk_p10_weights"),
    ],
)
def test_as_kaldi(spk2utt: str, table: IvectorTableSettings, archive: str, tmp_path: Path) -> None:
    job = IvectorsJob("scp:feats.scp", f"ark:{tmp_path}/i.ark", spk2utt, CONFIG, table)
    assert write_ivectors(job).count == len(stored(f"online/{archive}.ark"))
    assert_near(stored(tmp_path / "i.ark"), archive)


def test_what_cannot_be_computed_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "spk2utt").write_text("es_Annie nobody es_Annie-n0015\n")
    job = IvectorsJob("scp:feats.scp", f"ark:{tmp_path}/i.ark", str(tmp_path / "spk2utt"), CONFIG)
    with pytest.raises(
        MissingUtteranceError, match=r"scp:feats\.scp: expected features of utterance 'nobody', found none"
    ):
        write_ivectors(job)
    assert not (tmp_path / "i.ark").exists()
    written = write_ivectors(IvectorsJob(job.features, job.target, job.spk2utt, CONFIG, on_error="skip"))
    assert written.count == 1
    assert [key for key, _ in written.skipped] == ["nobody"]


def test_features_of_another_width(tmp_path: Path) -> None:
    job = IvectorsJob(str(ROOT / "tests/kaldi_speech/features/post/base.ark"), str(tmp_path / "i.ark"), "", CONFIG)
    with pytest.raises(ShapeMismatchError, match=r"utterance 'clip': expected features of 40 columns, .* found 13"):
        write_ivectors(job)
