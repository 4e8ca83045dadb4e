"""Layers of two models, or of one model on two devices, side by side."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score.errors import ShapeMismatchError, UnknownNameError, UnsupportedModelError, UsageError
from ov_asr_score.job import CompareLayersJob, ConvertJob, ScoreJob, run_conversion, run_layer_comparison
from ov_asr_score.openvino_api import opset, ov
from ov_asr_score.ov_model.int8 import CalibrationRequest
from ov_asr_score.report.console.layers import LayerComparison, layers_as_dict
from ov_asr_score.scoring.recording.layer_values import Side, compare_sides
from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.kaldi import KaldiOptions
from tests.command_line import DATA, MODELS, ROOT
from tests.tiny_model import write_table

WIDTHS = (4, 6, 5, 7, 3)
BF16 = DeviceSettings(precision="bf16")
SHIPPED = {
    "dnn_digits.xml": "dnn_digits/features.ark",
    "lstm_mem.xml": "lstm_mem/features.ark",
    "tdnn_al.xml": "tdnn_al/features.ark",
    "nnet3_tdnn/final.mdl": "kaldi/hires.ark",
    "nnet3_chain_tdnnf/final.mdl": "kaldi/hires.ark",
}


def chain(path: Path, changed: int = 0, prefix: str = "layer", factor: float = 1.001) -> str:
    """Path of a chain of four affine layers with tanh; the weights of layer ``changed`` are larger by ``factor``."""
    generator = np.random.default_rng(5)
    feats = value = opset.parameter([-1, WIDTHS[0]], np.float32, name="feats")
    feats.output(0).get_tensor().set_names({"feats"})
    for number, (before, after) in enumerate(pairwise(WIDTHS), start=1):
        weights = generator.standard_normal((before, after)).astype(np.float32)
        weights *= factor if number == changed else 1
        product = opset.matmul(value, opset.constant(weights.astype(np.float32)), False, False)
        product.set_friendly_name(f"{prefix}{number}.product")
        value = opset.tanh(product, name=f"{prefix}{number}")
    ov.save_model(ov.Model([value], [feats], "chain"), path, compress_to_fp16=False)
    return str(path)


@pytest.fixture
def features(tmp_path: Path) -> str:
    generator = np.random.default_rng(6)
    table = {f"utt{length}": generator.standard_normal((length, WIDTHS[0])).astype(np.float32) for length in (9, 30, 4)}
    return write_table(f"ark:{tmp_path}/features.ark", table)


def compare(model: str | Path, table: str | Path, other: str = "", **more: Any) -> LayerComparison:
    against = more.pop("against", DeviceSettings())
    scoring = ScoreJob(model=str(model), inputs=[str(table)], **more.pop("scoring", {}))
    return run_layer_comparison(CompareLayersJob(scoring, against, other, **more))


def test_the_layer_that_was_changed_is_the_first_to_depart(tmp_path: Path, features: str) -> None:
    model, other = chain(tmp_path / "a.xml"), chain(tmp_path / "b.xml", changed=3)
    report = compare(model, features, other, limit=80.0)
    names = [f"layer{number}{kind}" for number in (1, 2, 3, 4) for kind in (".product", "")]
    assert [layer.name for layer in report.layers] == names
    assert report.first_below == "layer3.product"
    assert report.verdict == "failed"
    assert [layer.signal_to_noise == inf for layer in report.layers] == [True] * 4 + [False] * 4
    # a thousandth of the product: 60 dB
    assert report.layers[4].signal_to_noise == pytest.approx(60.0, abs=0.05)
    assert report.layers[4].rms == pytest.approx(report.layers[4].reference_rms / 1000, rel=1e-2)
    assert (report.utterances, report.frames, report.layers[4].values) == (3, 43, 43 * WIDTHS[3])
    assert compare(model, features, other, limit=40.0).verdict == "ok"


def test_only_the_first_utterances(tmp_path: Path, features: str) -> None:
    report = compare(chain(tmp_path / "a.xml"), features, chain(tmp_path / "b.xml"), max_utterances=2)
    assert (report.utterances, report.frames) == (2, 39)
    assert all(layer.signal_to_noise == inf for layer in report.layers)


def test_named_layers_and_patterns(tmp_path: Path, features: str) -> None:
    model = chain(tmp_path / "a.xml")
    report = compare(model, features, against=BF16, layers=["layer2", "*3*"])
    assert [layer.name for layer in report.layers] == ["layer2", "layer3.product", "layer3"]
    with pytest.raises(UnknownNameError, match=r"layers 'layer9': .* did you mean 'layer4'"):
        compare(model, features, against=BF16, layers=["layer9"])


def test_layers_that_only_one_model_has(tmp_path: Path, features: str) -> None:
    model = chain(tmp_path / "a.xml")
    other = ov.Core().read_model(chain(tmp_path / "b.xml"))
    for node in other.get_ops():
        if node.get_friendly_name() == "layer2":
            node.set_friendly_name("renamed")
    ov.save_model(other, tmp_path / "c.xml", compress_to_fp16=False)
    report = compare(model, features, str(tmp_path / "c.xml"))
    assert (report.only_in_reference, report.only_in_other) == (("layer2",), ("renamed",))
    assert len(report.layers) == 7
    with pytest.raises(UnknownNameError, match=r"layers 'renamed': .*a\.xml has no such layer"):
        compare(model, features, str(tmp_path / "c.xml"), layers=["renamed"])
    with pytest.raises(UnsupportedModelError, match="no layer has a name that"):
        compare(model, features, chain(tmp_path / "d.xml", prefix="other"))


@pytest.mark.parametrize("name", SHIPPED)
def test_bf16_loses_something_in_every_layer_and_more_later(name: str) -> None:
    report = compare(MODELS / name, f"ark:{DATA / SHIPPED[name]}", against=BF16, limit=25.0, max_utterances=3)
    ratios = [layer.signal_to_noise for layer in report.layers]
    assert all(25.0 < ratio < 80.0 for ratio in ratios)
    assert report.verdict == "ok"
    third = len(ratios) // 3
    assert np.mean(ratios[third:-1]) < np.mean(ratios[:third])
    assert report.other["precision"] == "bf16"


def test_kaldi_models_have_kaldis_names() -> None:
    report = compare(MODELS / "nnet3_tdnn" / "final.mdl", f"ark:{DATA}/kaldi/hires.ark", against=BF16, max_utterances=1)
    names = [layer.name for layer in report.layers]
    assert names[:4] == ["tdnn1.affine", "tdnn1.relu", "tdnn1.batchnorm", "tdnn2.affine"]
    assert names[-1] == "output.log-softmax"


@pytest.mark.parametrize(("time", "frames"), [("utterance", 0), ("frame", 1), ("frame", 4)])
def test_a_converted_model_computes_what_its_kaldi_model_does(time: Any, frames: int, tmp_path: Path) -> None:
    """Nodes that conversion folds are missing; all others are the same, those late in a frame graph, too."""
    path, kaldi = str(MODELS / "nnet3_tdnn" / "final.mdl"), KaldiOptions(time=time, frames_per_request=frames)
    other = str(tmp_path / "tdnn.xml")
    run_conversion(ConvertJob(path, other, kaldi=kaldi))
    report = compare(
        path, f"ark:{DATA}/kaldi/hires.ark", other, limit=100.0, max_utterances=2, scoring={"kaldi": kaldi}
    )
    assert report.verdict == "ok"
    assert len(report.layers) >= 10
    assert "tdnn1.batchnorm" in report.only_in_reference


def test_models_that_are_fed_in_other_ways(tmp_path: Path, features: str) -> None:
    path, other = str(MODELS / "nnet3_tdnn" / "final.mdl"), str(tmp_path / "frame.xml")
    run_conversion(ConvertJob(path, other, kaldi=KaldiOptions(time="frame")))
    with pytest.raises(ShapeMismatchError, match=r"frame\.xml: takes frames in order .* takes whole utterances"):
        compare(path, f"ark:{DATA}/kaldi/hires.ark", other)
    with pytest.raises(ShapeMismatchError, match=r"expected the inputs of .*features \[1,40\], ivector \[1,10\]"):
        compare(chain(tmp_path / "a.xml"), features, str(MODELS / "two_inputs.xml"))
    with pytest.raises(ShapeMismatchError, match="and has variables"):
        compare(chain(tmp_path / "a.xml"), features, str(MODELS / "lstm_mem.xml"))


def test_layers_inside_of_a_recurrence_are_seen() -> None:
    case = ROOT / "tests" / "golden" / "nnet3" / "gru"
    report = compare(case / "model.raw", f"ark:{case}/input.ark", against=BF16, limit=30.0)
    assert {"W_z", "z", "W_r", "r", "h", "last"} <= {layer.name for layer in report.layers}
    assert report.verdict == "ok"


def test_variables_begin_anew_with_every_utterance() -> None:
    """The state is that of the utterance: all of them together lose what each of them loses alone."""
    model, table = MODELS / "lstm_mem.xml", DATA / "lstm_mem" / "features.ark"
    whole = compare(model, f"ark:{table}", against=BF16, layers=["score"]).layers[0]
    one = compare(model, f"ark:{table}", against=BF16, layers=["score"], max_utterances=1).layers[0]
    assert 0.5 * one.rms < whole.rms < 2.0 * one.rms
    same = compare(model, f"ark:{table}", str(model))
    assert all(layer.signal_to_noise == inf for layer in same.layers)


def test_groups_of_layers_give_what_all_at_once_give(tmp_path: Path) -> None:
    paths = chain(tmp_path / "a.xml"), chain(tmp_path / "b.xml", changed=2)
    core = ov.Core()
    first, second = (Side(path, core, core.read_model(path), DeviceSettings()) for path in paths)
    generator = np.random.default_rng(1)
    requests = [
        CalibrationRequest((generator.standard_normal((rows, 4)).astype(np.float32),), True) for rows in (11, 30)
    ]
    names = [layer.name for layer in first.layers()]
    done: list[tuple[int, int]] = []
    small = compare_sides(first, second, names, requests, 8 * 30 * 4 * 7, on_group=lambda *group: done.append(group))
    alone = compare_sides(first, second, names, requests, 1)
    whole = compare_sides(first, second, names, requests, 1 << 30)
    assert (whole.groups, alone.groups) == (1, len(names))
    assert 1 < small.groups < len(names)
    assert done == [(number, small.groups) for number in range(1, small.groups + 1)]
    for name in names:
        for other in (small, alone):
            assert other.sums[name].count == whole.sums[name].count
            assert other.sums[name].rms == pytest.approx(whole.sums[name].rms, rel=1e-4)
    assert whole.sums["layer1"].signal_to_noise == inf
    assert whole.sums["layer2.product"].signal_to_noise == pytest.approx(60.0, abs=0.1)


def test_several_inputs_in_another_order(tmp_path: Path) -> None:
    model = ov.Core().read_model(str(MODELS / "two_inputs.xml"))
    turned = ov.Model(model.get_results(), list(reversed(model.get_parameters())), "turned")
    ov.save_model(turned, tmp_path / "turned.xml", compress_to_fp16=False)
    folder = DATA / "two_inputs"
    tables = [f"features={folder}/features.ark", f"ivector={folder}/ivectors_utterance.ark"]
    job = CompareLayersJob(
        ScoreJob(model=str(MODELS / "two_inputs.xml"), inputs=tables), DeviceSettings(), str(tmp_path / "turned.xml")
    )
    report = run_layer_comparison(job)
    assert len(report.layers) >= 6
    assert all(layer.signal_to_noise > 120 for layer in report.layers)


def test_features_that_are_not_numbers_never_pass(tmp_path: Path) -> None:
    table = write_table(f"ark:{tmp_path}/nan.ark", {"utt": np.full((5, 4), np.nan, np.float32)})
    report = compare(chain(tmp_path / "a.xml"), table, against=BF16)
    assert (report.verdict, report.first_below) == ("failed", "layer1.product")
    assert report.layers[0].broken == 5 * WIDTHS[1]
    assert report.layers[0].signal_to_noise == -inf


def test_gna_has_its_own_layers() -> None:
    model, table = MODELS / "dnn_digits.xml", f"ark:{DATA}/dnn_digits/features.ark"
    gna = DeviceSettings("GNA_SW_EXACT")
    report = compare(model, table, against=gna)
    assert [layer.name for layer in report.layers][:2] == ["input", "sigmoid"]
    assert all(60 < layer.signal_to_noise < 100 for layer in report.layers)
    assert report.other["precision"] == "i16"
    assert [layer.name for layer in compare(model, table, against=gna, layers=["sigmoid*"]).layers] == [
        "sigmoid",
        "sigmoid5",
        "sigmoid7",
    ]
    with pytest.raises(UsageError, match="leave against_model out"):
        compare(model, table, str(model), against=gna)
    with pytest.raises(UsageError, match="no layers in integers"):
        compare(model, table, against=DeviceSettings("GNA_SW_FP32"))
    with pytest.raises(UsageError, match="give it as against"):
        compare(model, table, against=BF16, scoring={"device": gna})


def test_wrong_use(tmp_path: Path, features: str) -> None:
    model = chain(tmp_path / "a.xml")
    with pytest.raises(UsageError, match="both sides are the same"):
        compare(model, features)
    with pytest.raises(UsageError, match=r"max_utterances 0"):
        compare(model, features, against=BF16, max_utterances=0)
    with pytest.raises(UsageError, match=r"limit nan"):
        compare(model, features, against=BF16, limit=float("nan"))
    with pytest.raises(UsageError, match="expected a table of features"):
        run_layer_comparison(CompareLayersJob(ScoreJob(model=model), BF16))
    with pytest.raises(UsageError, match="is the same file as that of model"):
        compare(model, features, against=BF16, report=model)


def test_the_report_as_json(tmp_path: Path, features: str) -> None:
    report = compare(chain(tmp_path / "a.xml"), features, chain(tmp_path / "b.xml", changed=3))
    told = json.loads(json.dumps(layers_as_dict(report), allow_nan=False))
    assert (told["format"], told["format_version"]) == ("ov-asr-score-layers", 1)
    assert told["layers"][0]["signal_to_noise"] == "inf"
    assert told["layers"][4]["signal_to_noise"] == pytest.approx(60, abs=0.1)
    assert told["verdict"] == replace(report).verdict == "ok"
    assert told["first_below"] is None
