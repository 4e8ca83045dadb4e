from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from tests.command_line import MODELS, ROOT, run
from tests.kaldi_model.model_files import FOLDER as KALDI


def test_a_model_with_variables() -> None:
    outcome = run("inspect", MODELS / "tdnn_al.xml")
    assert (outcome.code, outcome.stderr) == (0, "")
    lines = [line.strip() for line in outcome.stdout.splitlines()]
    assert "kind: OpenVINO IR" in lines
    assert "input: [1,64] f32" in lines
    assert "memory: the last 6 frames" in lines
    assert "MatMul: 3" in lines


def test_verbose_lists_every_layer(tiny_model: str) -> None:
    assert "hidden: " not in run("inspect", tiny_model).stdout
    assert "hidden: " in run("inspect", tiny_model, "-v").stdout


def test_a_blob(tiny_model: str, folder: Path) -> None:
    assert run("score", "-m", tiny_model, "-wg", "tiny.blob", "--quiet").code == 0
    outcome = run("inspect", "tiny.blob")
    assert outcome.code == 0
    assert "kind: exported blob for CPU" in outcome.stdout
    assert "feats: [?,4] f32" in outcome.stdout


def test_a_blob_for_gna() -> None:
    outcome = run("inspect", ROOT / "tests" / "gna" / "data" / "lstm_mem.q8.gna")
    assert (outcome.code, outcome.stderr) == (0, "")
    lines = [line.strip() for line in outcome.stdout.splitlines()]
    assert "format: GNAM 2.8" in lines
    assert "input: shape=[1,40], scale-factor=1848.44, element-bytes=2, elements=40, orientation=interleaved" in lines
    assert (
        "0: kind=fully connected, input=[40,1] int16, weights=[512,40] int8, biases=[512] compound bias, segments=3, "
        "output=[512,1] int16"
    ) in lines
    assert "mem_c: bytes=256, scale-factor=2049" in lines


def test_a_blob_for_gna_as_json() -> None:
    outcome = run("inspect", ROOT / "tests" / "gna" / "data" / "dnn_digits.q16.gna", "--json")
    assert outcome.code == 0
    sections = json.loads(outcome.stdout)["sections"]
    assert sections["Inputs"]["input"]["scale-factor"] == 6241.2
    assert sections["Outputs"]["affinetransform8/Fused_Add_"]["tensor-names"] == ["score"]
    assert sections["Operations"]["3"]["weights"] == "[120,192] int16"


def test_a_damaged_blob_for_gna(folder: Path) -> None:
    Path("x.gna").write_bytes(b"GNAM" + bytes(100))
    outcome = run("inspect", "x.gna")
    assert outcome.code == 3
    assert outcome.error.startswith("x.gna: header at byte 8: expected version 2.1 to 2.9 of the format, found 0.0; ")


def test_an_onnx_model(folder: Path) -> None:
    onnx = pytest.importorskip("onnx")
    helper = onnx.helper
    ports = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["N", 2]) for name in ("feats", "scores")]
    weights = onnx.numpy_helper.from_array(np.eye(2, dtype=np.float32), "weights")
    node = helper.make_node("MatMul", ["feats", "weights"], ["scores"])
    graph = helper.make_graph([node], "small", ports[:1], ports[1:], [weights])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), "small.onnx")
    outcome = run("inspect", "small.onnx")
    assert outcome.code == 0, outcome.stderr
    assert "kind: ONNX" in outcome.stdout
    assert "feats: [?,2] f32" in outcome.stdout


def test_something_else(folder: Path) -> None:
    Path("x.bin").write_bytes(b"nothing that anybody knows")
    outcome = run("inspect", "x.bin")
    assert outcome.code == 3
    assert outcome.error.startswith("x.bin: ")


def test_a_kaldi_model() -> None:
    outcome = run("inspect", KALDI / "nnet3_usual_am.mdl")
    assert (outcome.code, outcome.stderr) == (0, "")
    lines = [line.strip() for line in outcome.stdout.splitlines()]
    assert "kind: Kaldi nnet3 acoustic model, binary" in lines
    assert "priors: dim=4, sum=1, min=0.125, max=0.5" in lines
    assert "output: dim=4, objective=linear, left-context=4, right-context=6" in lines
    assert "BatchNormComponent: 1" in lines


def test_every_component_of_a_kaldi_model() -> None:
    outcome = run("inspect", "-v", KALDI / "nnet3_components.raw")
    lines = [line.strip() for line in outcome.stdout.splitlines()]
    (attention,) = (line for line in lines if line.startswith("attention:"))
    assert "type=RestrictedAttentionComponent, input-dim=22, output-dim=14" in attention
    (convolution,) = (line for line in lines if line.startswith("cnn:"))
    assert "offsets=-1,0 -1,1 0,0 0,1 1,0 1,1, required-time-offsets=0" in convolution


def test_json() -> None:
    outcome = run("inspect", "--json", KALDI / "nnet3_usual_am.mdl")
    report = json.loads(outcome.stdout)
    assert (report["format"], report["format_version"]) == ("ov-asr-score-inspection", 1)
    sections = report["sections"]
    assert sections["Model"]["left context"] == 4
    assert sections["All components"]["mix"]["time-offsets"] == [-2, 0, 3]
    assert "context" not in sections["Model"]  # there is nothing to say
    assert json.loads(run("inspect", "--json", MODELS / "tdnn_al.xml").stdout)["sections"]["Layers"]["MatMul"] == 3


def test_a_broken_kaldi_model(folder: Path) -> None:
    Path("final.mdl").write_bytes((KALDI / "nnet3_usual_am.mdl").read_bytes()[:1500])
    outcome = run("inspect", "final.mdl")
    assert outcome.code == 3
    assert outcome.error.startswith("final.mdl: component 'lda' (1 of 7) at byte 1494: expected 16 bytes")


def test_a_compressed_kaldi_model(folder: Path) -> None:
    Path("final.txt.gz").write_bytes(gzip.compress((KALDI / "nnet1_every.txt").read_bytes()))
    outcome = run("inspect", "final.txt.gz")
    assert "kind: Kaldi nnet1 network, text" in outcome.stdout


def test_a_kaldi_model_without_a_network(folder: Path) -> None:
    Path("tri.mdl").write_bytes((KALDI / "nnet3_usual_am.mdl").read_bytes().split(b"<Nnet3>")[0] + b"<DIMENSION> ")
    outcome = run("inspect", "tri.mdl")
    assert outcome.code == 0
    assert "kind: Kaldi transition model with Gaussian mixtures (GMM)" in outcome.stdout
    assert "transition-ids: 8" in outcome.stdout


def test_a_model_directory() -> None:
    shown = run("inspect", MODELS / "chain_ivector").stdout
    assert "layout: kaldi online" in shown
    assert "ivector_extractor/final.ie: extractor of i-vectors" in shown
    sections = json.loads(run("inspect", "--json", MODELS / "chain_ivector").stdout)["sections"]
    assert sections["Used files"]["graph/HCLG.fst"] == "decoding graph"
    assert sections["Recognition"]["frames per chunk"] == 24
