"""Priors, logarithms and scales behind networks of other toolkits, against numpy in float64."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

from ov_asr_score.errors import OvAsrScoreError, ShapeMismatchError, UnsupportedModelError, UsageError
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.kaldi_model.loading import load_network
from ov_asr_score.openvino_api import ov
from ov_asr_score.ov_model.after_network import add_after_network, asked_after_network
from ov_asr_score.ov_model.model_description import describe_ports
from ov_asr_score.settings.kaldi import AFTER_NETWORK, KaldiOptions
from tests.command_line import DATA, MODELS, run
from tests.runtimes import require_nncf

Floats = NDArray[np.float64]

WIDTH, CLASSES = 4, 3
NUMBERS = np.random.default_rng(5)
WEIGHTS = NUMBERS.standard_normal((WIDTH, CLASSES)).astype(np.float32)
BIAS = NUMBERS.standard_normal(CLASSES).astype(np.float32)
X = NUMBERS.standard_normal((6, WIDTH)).astype(np.float32)
COUNTS = np.array([10, 30, 60])
LOG_PRIORS = np.log(COUNTS / COUNTS.sum())

# What follows the affine layer `logits`, as (operation, input, output, attributes); the last one is an output.
ENDS: dict[str, list[tuple[Any, ...]]] = {
    "logits": [],
    "softmax": [("Softmax", ["logits"], "y", {"axis": -1})],
    "softmax by default": [("Softmax", ["logits"], "y", {})],
    "log-softmax": [("LogSoftmax", ["logits"], "y", {"axis": 1})],
    "log of softmax": [("Softmax", ["logits"], "p", {"axis": 1}), ("Log", ["p"], "y", {})],
    "log of floored softmax": [
        ("Softmax", ["logits"], "p", {"axis": 1}),
        ("Add", ["p", "tiny"], "floored", {}),
        ("Log", ["floored"], "y", {}),
    ],
    "softmax, moved": [
        ("Transpose", ["logits"], "turned", {"perm": [1, 0]}),
        ("Softmax", ["turned"], "p", {"axis": 0}),
        ("Transpose", ["p"], "back", {"perm": [1, 0]}),
        ("Identity", ["back"], "y", {}),
    ],
    "relu": [("Relu", ["logits"], "y", {})],
}


def network(end: str, *, more: list[tuple[Any, ...]] | None = None, outputs: tuple[str, ...] = ()) -> ov.Model:
    """A model of ONNX whose output ``y`` ends so."""
    steps = [("Gemm", ["x", "w", "b"], "logits", {}), *ENDS[end], *(more or [])]
    nodes = [helper.make_node(kind, inputs, [output], **settings) for kind, inputs, output, settings in steps]
    constants = {"w": WEIGHTS, "b": BIAS, "tiny": np.array([1e-20], np.float32)}
    names = outputs or (steps[-1][2],)
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["T", WIDTH])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return ov.Core().read_model(model.SerializeToString())


def scores(model: ov.Model) -> list[Floats]:
    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    found = compiled([X])
    return [np.array(found[output], np.float64) for output in compiled.outputs]


def changed(end: str, **options: Any) -> Floats:
    model = network(end)
    add_after_network(model, [0], KaldiOptions(**options))
    return scores(model)[0]


def logits() -> Floats:
    return X.astype(np.float64) @ WEIGHTS + BIAS


def log_softmax(values: Floats) -> Floats:
    shifted = values - values.max(1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(1, keepdims=True)))


@pytest.fixture
def counts(tmp_path: Path) -> str:
    path = tmp_path / "counts"
    path.write_text(f" [ {' '.join(map(str, COUNTS))} ]\n")
    return str(path)


def close(found: Floats, expected: Floats) -> None:
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("end", [end for end in ENDS if "softmax" in end])
def test_the_last_softmax_is_removed(end: str) -> None:
    close(changed(end, no_softmax=True), logits())


@pytest.mark.parametrize("end", [end for end in ENDS if "softmax" in end])
def test_log_softmax_in_place_of_the_softmax(end: str) -> None:
    close(changed(end, no_softmax=True, log_softmax=True), log_softmax(logits()))


def test_log_softmax_and_logarithm() -> None:
    close(changed("logits", log_softmax=True), log_softmax(logits()))
    close(changed("softmax", apply_log=True), np.log(np.exp(log_softmax(logits())) + 1e-20))
    close(changed("softmax, moved", apply_log=True), log_softmax(logits()))


def test_everything_in_the_order_of_nnet_forward(counts: str) -> None:
    options = {"class_frame_counts": counts, "prior_scale": 0.5, "acoustic_scale": 0.1, "apply_exp": True}
    close(changed("softmax", apply_log=True, **options), np.exp(0.1 * (log_softmax(logits()) - 0.5 * LOG_PRIORS)))
    close(changed("softmax", no_softmax=True, **options), np.exp(0.1 * (logits() - 0.5 * LOG_PRIORS)))
    close(changed("log-softmax", **options), np.exp(0.1 * (log_softmax(logits()) - 0.5 * LOG_PRIORS)))


def test_classes_below_the_floor_are_ruled_out(counts: str) -> None:
    found = changed("log-softmax", class_frame_counts=counts, prior_floor=0.2)
    assert (found[:, 0] == -np.sqrt(np.finfo(np.float32).max)).all()
    close(found[:, 1:], (log_softmax(logits()) - LOG_PRIORS)[:, 1:])


def test_values_along_another_axis(counts: str) -> None:
    model = network("logits", more=[("Transpose", ["logits"], "y", {"perm": [1, 0]})])
    add_after_network(model, [0], KaldiOptions(log_softmax=True, class_frame_counts=counts), axis=0)
    close(scores(model)[0], (log_softmax(logits()) - LOG_PRIORS).T)


def test_outputs_keep_their_names() -> None:
    for options in ({"no_softmax": True}, {"apply_log": True}, {"acoustic_scale": 0.5}):
        model = network("softmax")
        before = describe_ports(model)[1]
        add_after_network(model, [0], KaldiOptions(**options))
        after = describe_ports(model)[1]
        assert [port.name for port in after] == [port.name for port in before] == ["y"]
        assert [port.shape for port in after] == [port.shape for port in before]


def test_other_outputs_stay_as_they_are() -> None:
    model = network("softmax", outputs=("logits", "y"))
    add_after_network(model, [1], KaldiOptions(no_softmax=True, acoustic_scale=0.5))
    assert [port.name for port in describe_ports(model)[1]] == ["logits", "y"]
    close(scores(model)[0], logits())
    close(scores(model)[1], 0.5 * logits())


def test_logits_under_the_name_of_the_softmax() -> None:
    """One tensor must not have the names of two outputs."""
    model = network("softmax", outputs=("logits", "y"))
    add_after_network(model, [1], KaldiOptions(no_softmax=True))
    assert [port.name for port in describe_ports(model)[1]] == ["logits", "y"]
    for found in scores(model):
        close(found, logits())


def test_a_softmax_that_feeds_others_is_removed_for_its_output_only() -> None:
    model = network("softmax", more=[("ArgMax", ["y"], "best", {"axis": 1})], outputs=("y", "best"))
    add_after_network(model, [0], KaldiOptions(no_softmax=True))
    close(scores(model)[0], logits())
    np.testing.assert_array_equal(scores(model)[1][:, 0], logits().argmax(1))


def test_a_moved_softmax_that_others_share_is_refused() -> None:
    model = network("softmax, moved", more=[("ArgMax", ["back"], "best", {"axis": 1})], outputs=("y", "best"))
    with pytest.raises(
        UnsupportedModelError,
        match=r"^no_softmax: output '(y|back)' shares '.*', after its softmax, with other outputs$",
    ):
        add_after_network(model, [0], KaldiOptions(no_softmax=True))


@pytest.mark.parametrize(
    ("end", "options", "kind", "message"),
    [
        ("relu", {"no_softmax": True}, UnsupportedModelError, "output 'y' does not end with a softmax or log-.* Relu$"),
        ("logits", {"no_softmax": True}, UnsupportedModelError, "output 'logits' does not end with a softmax"),
        ("softmax", {"log_softmax": True}, UsageError, "log_softmax: output 'y' is a softmax already; apply_log takes"),
        ("log-softmax", {"log_softmax": True}, UsageError, "log_softmax: output 'y' is a log-softmax already"),
        ("log-softmax", {"apply_log": True}, UsageError, "apply_log: output 'y' is a log-softmax already"),
        ("log of softmax", {"apply_log": True}, UsageError, "apply_log: output 'y' is a log-softmax already"),
        (
            "softmax",
            {"apply_log": True, "log_softmax": True},
            UsageError,
            "log_softmax=true, apply_log=true: expected one",
        ),
        ("softmax", {"apply_log": True, "no_softmax": True}, UsageError, "expected one of them, found both"),
        ("softmax", {"acoustic_scale": np.inf}, UsageError, "acoustic_scale=inf: expected a finite number"),
        ("softmax", {"prior_scale": 0.5}, UsageError, "prior_scale=0.5: expected class_frame_counts or use_priors"),
    ],
)
def test_refused(end: str, options: dict[str, Any], kind: type[OvAsrScoreError], message: str) -> None:
    with pytest.raises(kind, match=message):
        changed(end, **options)


def test_priors_need_logarithms_and_as_many_counts(counts: str) -> None:
    with pytest.raises(UsageError, match="expected no_softmax or apply_log with it, because output 'y' is a softmax"):
        changed("softmax", class_frame_counts=counts)
    Path(counts).write_text(" [ 1 2 3 4 ]\n")
    with pytest.raises(
        ShapeMismatchError, match="counts: 4 counts, but output 'y' has 3 values; expected the same number"
    ):
        changed("log-softmax", class_frame_counts=counts)


def test_a_softmax_over_something_else_is_refused() -> None:
    model = network(
        "logits", more=[("Transpose", ["logits"], "t", {"perm": [1, 0]}), ("Softmax", ["t"], "y", {"axis": 0})]
    )
    with pytest.raises(UnsupportedModelError, match="has 2 values in a row, its softmax is over 3"):
        model.reshape({"x": [2, WIDTH]})
        add_after_network(model, [0], KaldiOptions(no_softmax=True))


@pytest.mark.parametrize(
    "end",
    [
        [("Softmax", ["logits"], "y", {"axis": 0})],
        [
            ("Transpose", ["logits"], "turned", {"perm": [1, 0]}),
            ("Softmax", ["turned"], "p", {"axis": 1}),
            ("Transpose", ["p"], "back", {"perm": [1, 0]}),
            ("Log", ["back"], "y", {}),
        ],
    ],
    ids=["first axis", "turned"],
)
@pytest.mark.parametrize("frames", [-1, CLASSES], ids=["free", "as many as values"])
def test_a_softmax_over_frames_is_refused(end: list[tuple[Any, ...]], frames: int) -> None:
    model = network("logits", more=end)
    model.reshape({"x": [frames, WIDTH]})
    message = r"^no_softmax: the softmax of output 'y' is over another axis than that of its values$"
    with pytest.raises(UnsupportedModelError, match=message):
        add_after_network(model, [0], KaldiOptions(no_softmax=True))


def test_what_holds_after_every_network() -> None:
    every = KaldiOptions(class_frame_counts="c", no_softmax=True, log_softmax=True, acoustic_scale=0.1, use_priors=True)
    assert asked_after_network(every) == ("class_frame_counts", "no_softmax", "log_softmax", "acoustic_scale")
    assert set(asked_after_network(every)) < set(AFTER_NETWORK)
    assert asked_after_network(KaldiOptions()) == ()


def save_digits_as_onnx(path: Path) -> None:
    """The bundled nnet1 network as another toolkit would export it: with its softmax, and without priors."""
    nodes, constants, name = [], [], "x"
    for number, component in enumerate(load_network(MODELS / "nnet1_dnn" / "final.nnet").components.values()):
        inputs = [name]
        if component.type == "AffineTransform":
            for field in ("Linearity", "Bias"):
                inputs.append(f"{field}{number}")
                constants.append(onnx.numpy_helper.from_array(np.asarray(component.fields[field]), inputs[-1]))
            nodes.append(helper.make_node("Gemm", inputs, [f"y{number}"], transB=1))
        else:
            nodes.append(helper.make_node(component.type, inputs, [f"y{number}"]))
        name = f"y{number}"
    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 440])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 120])],
        constants,
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)


def test_archives_for_the_decoder_are_those_of_nnet_forward(tmp_path: Path) -> None:
    """The reference was written by ``nnet-forward --no-softmax=true --class-frame-counts=…``."""
    save_digits_as_onnx(tmp_path / "digits.onnx")
    outcome = run(
        *("score", "-m", tmp_path / "digits.onnx", "-i", DATA / "dnn_digits" / "features.ark"),
        *("--no-softmax=true", "--class-frame-counts", MODELS / "nnet1_dnn" / "ali_train_pdf.counts"),
        *("-o", tmp_path / "scores.ark", "-r", DATA / "dnn_digits" / "kaldi_loglik.ark", "--max-error", "1e-4"),
    )
    assert outcome.code == 0, outcome.stderr
    found = dict(read_table(str(tmp_path / "scores.ark")))
    reference = dict(read_table(str(DATA / "dnn_digits" / "kaldi_loglik.ark")))
    assert found.keys() == reference.keys()


def test_kaldi_models_take_a_log_softmax_too(tmp_path: Path) -> None:
    model = MODELS / "nnet1_dnn" / "final.nnet"
    features = DATA / "dnn_digits" / "features.ark"
    arguments = ("score", "-m", model, "-i", features)
    assert run(*arguments, "--apply-log", "-o", tmp_path / "logs.ark").code == 0
    outcome = run(*arguments, "--no-softmax", "--log-softmax", "-r", tmp_path / "logs.ark", "--max-error", "1e-4")
    assert outcome.code == 0, outcome.stderr
    outcome = run(*arguments, "--log-softmax")
    assert (outcome.code, outcome.error) == (
        2,
        f"--log-softmax: {model} is a softmax already; --apply-log takes its logarithm",
    )


def test_what_is_made_of_the_model_has_it_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counts: str) -> None:
    monkeypatch.chdir(tmp_path)
    features = DATA / "dnn_digits" / "features.ark"
    save_digits_as_onnx(tmp_path / "digits.onnx")
    asked = ("--no-softmax", "--class-frame-counts", MODELS / "nnet1_dnn" / "ali_train_pdf.counts")
    compared = ("-i", features, "-r", DATA / "dnn_digits" / "kaldi_loglik.ark", "--max-error")
    assert run("score", "-m", "digits.onnx", "-i", features, *asked, "-wg", "digits.blob").code == 0
    assert run("score", "-rg", "digits.blob", *compared, "1e-4").code == 0
    outcome = run("score", "-rg", "digits.blob", "-i", features, "--acoustic-scale", "0.1")
    expected = "--acoustic-scale=0.1: digits.blob is a blob, which gives the scores it was exported with"
    assert (outcome.code, outcome.error) == (2, expected)
    require_nncf()
    quantized = run("quantize", "digits.onnx", "-i", features, *asked, "--max-utterances", "3", "-o", "int8.xml")
    assert quantized.code == 0, quantized.stderr
    assert run("score", "-m", "int8.xml", *compared, "0.5").code == 0
    assert run("score", "-m", "int8.xml", *asked, *compared, "0.5").code == 0  # not a second time
    outcome = run("score", "-m", "int8.xml", "-i", features, "--acoustic-scale", "0.1")
    made = f"--class-frame-counts={asked[-1]} --no-softmax=true"
    expected = f"--acoustic-scale=0.1: int8.xml was made with {made}, which its graph already applies"
    assert (outcome.code, outcome.error) == (2, expected)


def test_a_converted_ir_takes_what_it_was_not_made_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    features, kaldi = DATA / "dnn_digits" / "features.ark", MODELS / "nnet1_dnn" / "final.nnet"
    asked = ("--class-frame-counts", MODELS / "nnet1_dnn" / "ali_train_pdf.counts")
    arguments = ("-i", features, "-r", DATA / "dnn_digits" / "kaldi_loglik.ark", "--max-error", "1e-4")
    assert run("convert", kaldi, "-o", "plain.xml").code == 0
    assert run("convert", kaldi, "--no-softmax", *asked, "-o", "made.xml").code == 0
    assert run("score", "-m", "plain.xml", "--no-softmax", *asked, *arguments).code == 0
    assert run("score", "-m", "made.xml", "--no-softmax", *asked, *arguments).code == 0
    assert run("score", "-m", "made.xml", *arguments).code == 0
    outcome = run("score", "-m", "made.xml", "--acoustic-scale", "0.1", *arguments)
    assert outcome.code == 2
    assert "--acoustic-scale=0.1: made.xml was converted with --class-frame-counts=" in outcome.error
    assert run("score", "-m", "plain.xml", "-i", features, "-wg", "plain.blob").code == 0
    outcome = run("score", "-rg", "plain.blob", "--acoustic-scale", "0.1", *arguments)
    assert outcome.error == "--acoustic-scale=0.1: plain.blob is a blob, which gives the scores it was exported with"


def test_inner_layers_stay_as_they_are(tmp_path: Path) -> None:
    save_digits_as_onnx(tmp_path / "digits.onnx")
    arguments = ("score", "-m", tmp_path / "digits.onnx", "-i", DATA / "dnn_digits" / "features.ark")
    assert run(*arguments, "-o", f"y5=ark:{tmp_path}/plain.ark").code == 0
    outcome = run(
        *(*arguments, "--no-softmax", "--acoustic-scale", "0.1", "-o", f"y7=ark:{tmp_path}/scores.ark"),
        *("-r", f"y5=ark:{tmp_path}/plain.ark", "-o", f"y5=ark:{tmp_path}/again.ark", "--max-error", "0"),
    )
    assert outcome.code == 0, outcome.stderr


def test_options_of_kaldi_alone_are_still_refused(tmp_path: Path) -> None:
    save_digits_as_onnx(tmp_path / "digits.onnx")
    features = DATA / "dnn_digits" / "features.ark"
    outcome = run("score", "-m", tmp_path / "digits.onnx", "-i", features, "--no-softmax", "--use-priors")
    assert outcome.error == f"--use-priors=true: applies to Kaldi models only, and {tmp_path}/digits.onnx is not one"
