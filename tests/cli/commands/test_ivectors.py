from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.command_line import ROOT, run
from tests.frontend.places import EXTRACTOR, IVECTOR, stored


def test_features_to_ivectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    config = EXTRACTOR / "ivector_extractor.conf"
    words = ("--config", config, "--max-count=0", "--spk2utt", f"ark:{IVECTOR}/spk2utt")
    outcome = run("ivectors", *words, f"ark:{IVECTOR}/feats.ark", tmp_path / "i.ark")
    assert (outcome.code, outcome.stdout, outcome.stderr) == (0, "", "wrote 60 entries\n")
    expected = stored(IVECTOR / "online" / "spk_p10.ark")
    for key, rows in stored(tmp_path / "i.ark").items():
        assert np.abs(rows - expected[key]).max() < (0.17 if key == "es_f4-t0016" else 4e-2)
    assert run("ivectors", "--config", config, "nothing.ark", tmp_path / "j.ark").error.startswith("nothing.ark: ")
    wrong = run("ivectors", f"ark:{IVECTOR}/feats.ark", tmp_path / "j.ark")
    assert (wrong.code, list(tmp_path.iterdir())) == (wrong.code, [tmp_path / "i.ark"])
    assert "--config" in wrong.error
    sound = run("ivectors", "--config", config, "wav,scp:wav.scp", tmp_path / "j.ark")
    assert sound.error.startswith("FEATURES wav,scp:wav.scp: expected a table of features, found sound; compute")
    alone = run("ivectors", "--config", EXTRACTOR / "final.ie", f"ark:{IVECTOR}/feats.ark", tmp_path / "j.ark")
    assert f"or the folder of an extractor, which would be {EXTRACTOR}; found" in alone.error
