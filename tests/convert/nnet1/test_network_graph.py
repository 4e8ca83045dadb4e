from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.convert.convert_options import ConvertOptions
from ov_asr_score.convert.converter import convert_network
from ov_asr_score.convert.rt_info import read_facts
from ov_asr_score.errors import ShapeMismatchError, UnknownNameError, UsageError
from ov_asr_score.kaldi_model.network import KaldiNetwork
from tests.convert.nnet1_chains import converted_scores, frames, network, reference, scores
from tests.golden.nnet1_text import ModelText, plain, splice


def dnn(folder: Path) -> KaldiNetwork:
    model = ModelText(1)
    return network(
        folder,
        splice(3, -2, 0, 1),
        model.add_shift(9),
        model.rescale(9),
        model.affine(7, 9),
        plain("Sigmoid", 7),
        model.affine(5, 7),
        plain("Softmax", 5),
    )


def test_ports_shapes_and_facts(tmp_path: Path) -> None:
    model = convert_network(dnn(tmp_path), ConvertOptions())
    assert [(port.any_name, str(port.get_partial_shape())) for port in model.inputs] == [("input", "[?,?,3]")]
    assert [(port.any_name, str(port.get_partial_shape())) for port in model.outputs] == [("output", "[?,?,5]")]
    facts = read_facts(model)
    assert facts is not None
    assert (facts.time, facts.generation, facts.left_context, facts.right_context) == ("utterance", 1, 2, 1)
    assert facts.source == "model.nnet"


def test_nodes_have_the_names_of_components(tmp_path: Path) -> None:
    found = {node.get_friendly_name() for node in convert_network(dnn(tmp_path), ConvertOptions()).get_ops()}
    assert {"component4.AffineTransform", "component5.Sigmoid", "component7.Softmax"} <= found
    # Their values are no longer there, and so are their names.
    assert not {"component2.AddShift", "component3.Rescale"} & found


def test_several_outputs_at_once(tmp_path: Path) -> None:
    net = dnn(tmp_path)
    rows = frames(3)
    wanted = ("component5.Sigmoid", "output", "component3.Rescale")
    hidden, last, rescaled = converted_scores(net, rows, outputs=wanted)
    expected = reference(list(net.components.values())[:5], rows)
    np.testing.assert_allclose(hidden, expected["component5.Sigmoid"], atol=1e-6)
    np.testing.assert_allclose(rescaled, expected["component3.Rescale"], atol=1e-6)
    np.testing.assert_allclose(last.sum(1), 1, atol=1e-6)
    with pytest.raises(UnknownNameError, match="no node 'component9'"):
        convert_network(net, ConvertOptions(outputs=("component9",)))


def test_no_softmax_leaves_out_the_last_component(tmp_path: Path) -> None:
    net, rows = dnn(tmp_path), frames(3)
    (affine,) = converted_scores(net, rows, outputs=("component6.AffineTransform",))
    (found,) = converted_scores(net, rows, no_softmax=True)
    np.testing.assert_array_equal(found, affine)
    with pytest.raises(UsageError, match=r"scores of 'component7\.Softmax' are asked for, and no_softmax"):
        convert_network(net, ConvertOptions(no_softmax=True, outputs=("component7.Softmax",)))


def test_no_softmax_is_only_warned_of_where_there_is_none(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    net, rows = network(tmp_path, plain("HiddenSoftmax", 3)), frames(3)
    with caplog.at_level(logging.WARNING):
        (found,) = converted_scores(net, rows, no_softmax=True)
    assert "no_softmax removed nothing, the last component 'component1.HiddenSoftmax' is HiddenSoftmax" in caplog.text
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-6)


def test_logarithms_and_priors_come_in_the_order_of_nnet_forward(tmp_path: Path) -> None:
    net, rows = dnn(tmp_path), frames(3)
    (shares,) = converted_scores(net, rows)
    log_priors = np.array([-1, -2, -3, 1.8e19, -4], np.float32)
    options = {"apply_log": True, "log_priors": log_priors, "prior_scale": 0.5}
    (found,) = converted_scores(net, rows, **options)
    np.testing.assert_allclose(found, np.log(shares + 1e-20) - 0.5 * log_priors, rtol=1e-5)


def test_logarithm_of_zero_is_that_of_1e20(tmp_path: Path) -> None:
    net = network(tmp_path, plain("Softmax", 2))
    rows = np.array([[0, 500], [300, -300]], np.float32)
    (found,) = converted_scores(net, rows, apply_log=True)
    np.testing.assert_allclose(found, [[np.log(1e-20), 0], [0, np.log(1e-20)]], rtol=1e-6)


def test_priors_of_another_size_are_refused(tmp_path: Path) -> None:
    options = ConvertOptions(log_priors=np.zeros(4, np.float32))
    with pytest.raises(ShapeMismatchError, match="4 priors for an output of 5 pdfs"):
        convert_network(dnn(tmp_path), options)


@pytest.mark.parametrize("options", [ConvertOptions(frames_per_chunk=50), ConvertOptions(frame_subsampling_factor=3)])
def test_options_that_nnet1_does_not_have_are_refused(tmp_path: Path, options: ConvertOptions) -> None:
    with pytest.raises(UsageError, match="nnet1 models know no chunks and no frame subsampling"):
        convert_network(dnn(tmp_path), options)


def test_a_network_that_changes_nothing(tmp_path: Path) -> None:
    rows = frames(4)
    net = network(tmp_path, plain("Dropout", 4, "<DropoutRate> 0.5"))
    model = convert_network(net, ConvertOptions())
    assert "input" in model.input().get_names()
    assert "output" in model.output().get_names()
    np.testing.assert_array_equal(scores(model, rows)[0], rows)


def test_frames_without_length_are_no_numbers_as_in_kaldi(tmp_path: Path) -> None:
    rows = frames(3)
    rows[2] = 0
    (found,) = converted_scores(network(tmp_path, plain("LengthNormComponent", 3)), rows)
    assert np.isnan(found[2]).all()
    np.testing.assert_allclose(np.linalg.norm(np.delete(found, 2, 0), axis=1), 1, atol=1e-6)
