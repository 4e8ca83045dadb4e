from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.convert.from_file import convert_file
from ov_asr_score.convert.saving import save_ir
from ov_asr_score.errors import BlobFormatError, UnsupportedModelError
from ov_asr_score.gna.format.blob import read_blob
from ov_asr_score.job import ScoreJob, run_job
from ov_asr_score.job.inspect_model import inspect_model
from ov_asr_score.settings.kaldi import KaldiOptions
from tests.command_line import MODELS, ROOT
from tests.kaldi_model.model_files import FOLDER as KALDI

GNA = ROOT / "tests" / "gna" / "data"


def test_sections_of_a_model(tiny_model: str) -> None:
    sections = dict(inspect_model(tiny_model, all_layers=True))
    assert list(sections) == ["Model", "Inputs", "Outputs", "Layers", "All layers"]
    assert sections["Model"]["kind"] == "OpenVINO IR"
    assert sections["Model"]["parameters"] == 16  # 4 x 3 weights, 3 biases, the factor 2
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


def test_a_blob_for_gna_needs_no_plugin() -> None:
    sections = dict(inspect_model(str(GNA / "tdnn_al.q8.gna")))
    assert list(sections) == ["Model", "Inputs", "Outputs", "Operations", "States"]
    model = sections["Model"]
    assert (model["kind"], model["format"], model["size"]) == ("exported blob for GNA", "GNAM 2.8", "215,955 bytes")
    assert "cannot be run" not in model
    assert len(sections["Operations"]) == 11
    assert sections["States"]["mem0"] == {"bytes": 512, "scale-factor": 1931.2}


def test_a_blob_for_gna_that_cannot_be_run_shows_why(folder: Path) -> None:
    content = bytearray((GNA / "tdnn_al.q8.gna").read_bytes())
    place = read_blob(bytes(content), "x").places["operation 4"] + 8 + 2 * 64
    content[place + 48 : place + 52] = (8).to_bytes(4, "little")  # type of the weights
    Path("x.gna").write_bytes(content)
    sections = dict(inspect_model("x.gna"))
    reason = str(sections["Model"]["cannot be run"])
    assert reason.startswith(
        f"operation 4 (affine) at byte {place - 136}: weights: expected int8 or int16, found uint8;"
    )
    assert "weights" in str(sections["Operations"]["4"])


def test_what_is_unusual_in_a_blob_for_gna_is_noted(folder: Path) -> None:
    content = bytearray((GNA / "tdnn_al.q8.gna").read_bytes())
    place = read_blob(bytes(content), "x").places["operation 4"] + 8 + 2 * 64
    content[place + 4 : place + 8] = (255).to_bytes(4, "little")  # rows of the weights
    Path("x.gna").write_bytes(content)
    model = dict(inspect_model("x.gna"))["Model"]
    assert "operation 4 (affine): weights: expected [256,128], found [255,128]" in str(model["note"])
    assert "cannot be run" not in model


def test_a_blob_for_gna_that_is_cut_off(folder: Path) -> None:
    Path("x.gna").write_bytes((GNA / "tdnn_al.q8.gna").read_bytes()[:-1])
    with pytest.raises(BlobFormatError, match=r"^x.gna: memory image at byte 2963: expected 212,992 bytes"):
        inspect_model("x.gna")


def test_what_nobody_knows_is_refused(folder: Path) -> None:
    Path("x").write_bytes(b"\1\2\3")
    with pytest.raises(
        UnsupportedModelError, match=r"^x: not a Kaldi model, OpenVINO IR or ONNX file; read as a blob: .* cannot"
    ):
        inspect_model("x")


def test_sections_of_a_kaldi_model() -> None:
    sections = dict(inspect_model(str(KALDI / "nnet3_usual_am.mdl")))
    assert list(sections) == ["Model", "Inputs", "Outputs", "Components", "Transition model", "Conversion"]
    model = sections["Model"]
    assert model["kind"] == "Kaldi nnet3 acoustic model, binary"
    assert (model["parameters"], model["pdfs"], model["left context"], model["right context"]) == (86, 4, 4, 6)
    assert model["priors"] == {"dim": 4, "sum": 1.0, "min": 0.125, "max": 0.5}
    assert "contexts in the file" not in model
    assert sections["Inputs"] == {"ivector": {"dim": 2}, "input": {"dim": 3}}
    assert sections["Components"]["AffineComponent"] == 1
    everything = dict(inspect_model(str(KALDI / "nnet3_usual_am.mdl"), all_layers=True))
    assert everything["Nodes"]["part"] == "dim-range-node name=part input-node=lda dim-offset=1 dim=2"
    mix = everything["All components"]["mix"]
    assert isinstance(mix, dict)
    assert (mix["type"], mix["time-offsets"]) == ("TdnnComponent", [-2, 0, 3])


def test_stored_contexts_that_differ(folder: Path) -> None:
    text = (KALDI / "nnet3_usual_am.txt").read_text()
    Path("x.mdl").write_text(text.replace("<LeftContext> 4 <RightContext> 6", "<LeftContext> 8 <RightContext> 6"))
    model = dict(inspect_model("x.mdl"))["Model"]
    assert str(model["contexts in the file"]).startswith("(8, 6)")
    assert (model["left context"], model["right context"]) == (4, 6)


def test_the_subsampling_factor_beside_a_model(folder: Path) -> None:
    Path("final.mdl").write_bytes((KALDI / "nnet3_chain_am.mdl").read_bytes())
    assert "frame subsampling factor" not in dict(inspect_model("final.mdl"))["Model"]
    Path("frame_subsampling_factor").write_text("3\n")
    assert dict(inspect_model("final.mdl"))["Model"]["frame subsampling factor"] == 3
    Path("frame_subsampling_factor").write_text("three\n")
    doubt = dict(inspect_model("final.mdl"))["Model"]["frame subsampling factor is not known"]
    assert "expected a number from 1 to 1000, found 'three'" in str(doubt)


def test_a_model_that_can_be_converted(folder: Path) -> None:
    Path("my model.mdl").write_bytes((KALDI / "nnet2_am.mdl").read_bytes())
    conversion = dict(inspect_model("my model.mdl"))["Conversion"]
    assert conversion["possible"] == "yes"
    assert "score -m 'my model.mdl' -i ark:feats.ark" in str(conversion["to score with it"])


def test_a_model_that_cannot_be_converted(folder: Path) -> None:
    # A node that reads itself at the same frame cannot be computed by Kaldi either.
    text = (KALDI / "nnet3_descriptors.txt").read_text()
    Path("x.raw").write_text(text.replace("IfDefined(Offset(r, -3))", "r"))
    sections = dict(inspect_model("x.raw"))
    assert sections["Conversion"]["possible"] == "no"
    assert "r" in str(sections["Conversion"]["reason"])
    assert "x.raw" not in str(sections["Conversion"]["reason"])
    assert "left context" not in {name for name, fact in sections["Model"].items() if fact is not None}
    assert "cannot be computed" in str(sections["Model"]["context"])


def test_a_model_that_was_converted(folder: Path) -> None:
    Path("final.mdl").write_bytes((KALDI / "nnet2_am.mdl").read_bytes())
    save_ir(convert_file("final.mdl"), Path("final.xml"))
    sections = dict(inspect_model("final.xml"))
    assert list(sections)[:3] == ["Model", "Converted from Kaldi", "Inputs"]
    origin = sections["Converted from Kaldi"]
    assert (origin["source"], origin["kind"]) == ("final.mdl", "nnet2")
    assert (origin["left context"], origin["right context"], origin["options"]) == (3, 3, "none")
    assert len(str(origin["sha256"])) == 64


def test_a_model_that_was_converted_for_streaming(folder: Path) -> None:
    Path("final.mdl").write_bytes((KALDI / "nnet2_am.mdl").read_bytes())
    save_ir(convert_file("final.mdl", KaldiOptions(time="frame")), Path("final.xml"))
    sections = dict(inspect_model("final.xml"))
    assert (sections["Converted from Kaldi"]["delay"], sections["Converted from Kaldi"]["frames per request"]) == (6, 1)
    # Its delay is told above; what the graph remembers needs no guess.
    assert "memory" not in sections["Variables"]
