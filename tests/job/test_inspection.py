from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.errors import BlobFormatError, OvAsrScoreError
from ov_asr_score.job import ScoreJob, run_job
from ov_asr_score.job.inspection import inspect_model, model_kind_name
from tests.command_line import MODELS


def test_sections_of_a_model(tiny_model: str) -> None:
    sections = dict(inspect_model(tiny_model, all_layers=True))
    assert list(sections) == ["Model", "Inputs", "Outputs", "Layers", "All layers"]
    assert sections["Model"]["kind"] == "OpenVINO IR"
    assert sections["Model"]["parameters"] == "16"  # 4 x 3 weights, 3 biases, the factor 2
    assert sections["Inputs"] == {"feats": "[?,4] f32"}
    assert str(sections["Outputs"]["scores"]).startswith("[?,3] f32")
    assert sections["Layers"]["MatMul"] == 1


def test_memory_of_a_recurrent_model() -> None:
    variables = dict(inspect_model(str(MODELS / "lstm_mem.xml")))["Variables"]
    assert variables["memory"] == "recurrent: all earlier frames"


def test_a_blob_that_cannot_be_imported_shows_its_note(tiny_model: str, folder: Path) -> None:
    run_job(ScoreJob(model=tiny_model, export_model="m.blob"))
    assert dict(inspect_model("m.blob"))["Inputs"] == {"feats": "[?,4] f32"}
    Path("m.blob").write_bytes(Path("m.blob").read_bytes()[:100])
    facts = dict(inspect_model("m.blob"))["Model"]
    assert facts["device"] == "CPU"
    assert "does not match the digest" in str(facts["cannot be imported here"])


def test_what_nobody_knows_is_refused(folder: Path) -> None:
    Path("x").write_bytes(b"\1\2\3")
    with pytest.raises((BlobFormatError, OvAsrScoreError), match=r"^x: "):
        inspect_model("x")


@pytest.mark.parametrize(
    ("content", "name"),
    [(b"<?xml version='1.0'?>", "OpenVINO IR"), (b"GNAM", "exported blob for GNA"), (b"\1", "exported blob")],
)
def test_kinds_in_words(folder: Path, content: bytes, name: str) -> None:
    Path("x").write_bytes(content)
    assert model_kind_name("x") == name
