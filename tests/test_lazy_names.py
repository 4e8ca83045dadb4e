"""What is not used is not loaded: a conversion from Python needs neither GNA nor suites nor reports."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import ov_asr_score
import ov_asr_score.job
import ov_asr_score.kaldi_io
from ov_asr_score.lazy_names import lazy_names

ROOT = Path(__file__).parents[1]
MODEL = ROOT / "models" / "nnet1_dnn" / "final.nnet"
NEEDED = {"convert", "kaldi_model", "kaldi_io", "settings", "ov_model", "device", "job"}


def loaded_by(program: str) -> list[str]:
    """Modules of the package, without its name in front, that are loaded when a program is over."""
    program += "\nimport sys\nprint(*(name for name in sys.modules if name.startswith('ov_asr_score.')))"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name.removeprefix("ov_asr_score.") for name in run.stdout.split()]


def test_convert_job_loads_few_modules(tmp_path: Path) -> None:
    modules = loaded_by(
        "from ov_asr_score import ConvertJob, run_conversion\n"
        f"run_conversion(ConvertJob({str(MODEL)!r}, {str(tmp_path / 'model.xml')!r}))"
    )
    rooms = Counter(name.partition(".")[0] for name in modules)
    assert {room for room, count in rooms.items() if count > 1} == NEEDED
    # The converter and what it knows of Kaldi's components are as large as they are; the rest is tables and settings.
    assert rooms.total() - rooms["convert"] - rooms["kaldi_model"] < 60


def test_package_import_loads_nothing() -> None:
    assert set(loaded_by("import ov_asr_score, ov_asr_score.job")) == {"job", "lazy_names"}
    assert not any(
        name.startswith(("scoring", "gna", "report")) for name in loaded_by("from ov_asr_score import ScoreJob")
    )


@pytest.mark.parametrize("package", [ov_asr_score, ov_asr_score.job, ov_asr_score.kaldi_io])
def test_all_names_resolve(package: object) -> None:
    names: list[str] = package.__all__  # type: ignore[attr-defined]
    assert set(names) <= set(dir(package))
    assert all(getattr(package, name) is not None for name in names)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(AttributeError, match="module 'some' has no attribute 'other'"):
        lazy_names("some", {"score": "library"})("other")
