"""The benchmark of features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.features import KALDI, NATIVE, OURS, SUBJECTS, kaldi_command, main, native, read_sounds, write_script
from ov_asr_score.features.computing import compute_features
from ov_asr_score.features.options import FbankOptions, MfccOptions, resolve_options

SPEECH = Path(__file__).parents[1] / "kaldi_speech" / "features" / "wav" / "es_f4-t0000.flac"


def test_contestants_and_ratios(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("soundfile")
    pytest.importorskip("kaldi_native_fbank")
    assert main([str(SPEECH), "--turns", "1", "--seconds", "1", "--only", "MFCC 13"]) == 0
    printed = capsys.readouterr().out
    assert f"MFCC 13, {OURS} / MFCC 13, {NATIVE}" in printed and KALDI not in printed.replace(NATIVE, "")


@pytest.mark.parametrize("subject", [name for name, (kind, _) in SUBJECTS.items() if kind != "plp"])
def test_the_same_is_computed(subject: str) -> None:
    pytest.importorskip("soundfile")
    pytest.importorskip("kaldi_native_fbank")
    sounds = read_sounds([SPEECH], 0)
    kind, given = SUBJECTS[subject]
    options = resolve_options(kind, (), given).options
    assert isinstance(options, MfccOptions | FbankOptions)
    np.testing.assert_allclose(native(sounds.long, options), compute_features(sounds.long, options), atol=2e-3)


def test_command_of_kaldi(tmp_path: Path) -> None:
    pytest.importorskip("soundfile")
    script = write_script(tmp_path, read_sounds([SPEECH], 0))
    assert script.read_text() == f"0 {tmp_path / '0.wav'}\n"
    kind, given = SUBJECTS["MFCC 40"]
    assert kaldi_command(Path("bin"), kind, given, script) == [
        *("bin/compute-mfcc-feats", "--dither=0", "--num-mel-bins=40", "--num-ceps=40", "--use-energy=false"),
        *("--high-freq=-400.0", f"scp:{script}", "ark:/dev/null"),
    ]
