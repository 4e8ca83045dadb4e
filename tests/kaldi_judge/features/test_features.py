"""The judge of features: cases are the same for the same seed, and what differs is seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.audio.decoding import read_audio
from ov_asr_score.features.options import option_kinds
from ov_asr_score.features.pitch.options import pitch_option_kinds
from ov_asr_score.kaldi_io import TableWriter
from tests.kaldi_judge.features.making import KINDS, random_case
from tests.kaldi_judge.features.options import COMPUTATION, PITCH, PROCESSING
from tests.kaldi_judge.features.running import Case, Finding, judge, run_ours
from tests.kaldi_judge.features.sounds import FORMS, Sound, files_of

Table = dict[str, NDArray[np.float32]]


@pytest.mark.parametrize("kind", KINDS)
def test_cases_are_the_same_for_the_same_seed(kind: str, tmp_path: Path) -> None:
    first, second = (random_case([kind], 3, 1, tmp_path / name) for name in "ab")
    assert (first.kaldi, first.ours, first.keys) == (second.kaldi, second.ours, second.keys)
    for path in (tmp_path / "a").rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()


def test_options_are_those_that_there_are() -> None:
    for kind, options in COMPUTATION.items():
        # dither is off; what tables it needs is made apart
        apart = {"dither", "sample-frequency", "vtln-map", "utt2spk", "write-utt2dur", "output-format"}
        known = {name.replace("_", "-") for name in option_kinds(kind)} - apart
        assert set(options) == known
    known = {name.replace("_", "-") for name in pitch_option_kinds()}
    assert {*PITCH, *PROCESSING} == known - {"sample-frequency", "delta-pitch-noise-stddev"}


@pytest.mark.parametrize("form", sorted(set(FORMS)))
def test_both_files_hold_the_same_samples(form: str) -> None:
    pytest.importorskip("soundfile")
    samples = np.array([[0, 256, -512, 1000, -32768, 32767], [7, 8, 9, 10, 11, 12]], np.int16)
    ours, theirs = (read_audio(data) for data in files_of(Sound(samples, 8000, "some", form)))
    assert ours.rate == theirs.rate == 8000
    np.testing.assert_array_equal(ours.samples, theirs.samples)
    if form not in ("8", "alaw", "mulaw", "cut"):
        np.testing.assert_array_equal(ours.samples, samples)


def verdicts(case: Case, folder: Path, written: Table, code: int = 0) -> list[Finding]:
    """What is found where Kaldi writes this, and ends with that code."""
    programs = folder / "programs"
    programs.mkdir(exist_ok=True)
    with TableWriter(f"ark:{programs / 'written.ark'}") as writer:
        for key, value in written.items():
            writer.write(key, value)
    program = programs / "add-deltas"
    program.write_text(f"#!/bin/sh\ncp {programs}/written.ark out.ark\nexit {code}\n")
    program.chmod(0o755)
    return judge(case, programs)


def test_what_differs_is_seen(tmp_path: Path) -> None:
    features = {f"u{number}": np.full((3, 2), number, np.float32) for number in range(2)}
    for side in ("kaldi", "ours"):
        (tmp_path / side).mkdir()
        with TableWriter(f"ark:{tmp_path / side / 'in.ark'}") as writer:
            for key, value in features.items():
                writer.write(key, value)
    ours = ["features", "ark:in.ark", "ark:out.ark", "--delta-order=1"]
    case = Case("steps", tmp_path, [["add-deltas"]], ours, ["u0", "u1"], 1e-4, 0.0)
    table, _ = run_ours(case)
    found = {key: np.array(value) for key, value in table.items()}
    assert verdicts(case, tmp_path, found) == [Finding("equal", "u0"), Finding("equal", "u1")]
    changed = found | {"u1": found["u1"] + np.float32(2e-4)}
    assert [(each.verdict, each.key) for each in verdicts(case, tmp_path, changed)] == [
        ("equal", "u0"),
        ("differ", "u1"),
    ]
    shorter = found | {"u1": found["u1"][:2]}
    assert verdicts(case, tmp_path, shorter)[1].text == "shape [2, 4] from Kaldi, [3, 4] from us"
    only_one = {"u0": found["u0"]}
    assert [each.verdict for each in verdicts(case, tmp_path, only_one, 255)] == ["equal", "only we"]
    wrong = Case("steps", tmp_path, [["add-deltas"]], [*ours, "--transform=none"], ["u0", "u1"], 1e-4, 0.0)
    assert [each.verdict for each in verdicts(wrong, tmp_path, only_one)] == ["only Kaldi", "both refuse"]
