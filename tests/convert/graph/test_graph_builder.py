"""Values that are the same for all utterances must have frames of each utterance all the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.convert.convert_options import ConvertOptions
from ov_asr_score.convert.converter import convert_network
from ov_asr_score.openvino_api import ov
from tests.kaldi_model.frames.networks import network_of, noop


@pytest.mark.parametrize(
    ("output", "columns"),
    [
        ("IfDefined(ReplaceIndex(a, t, -1000))", 2),
        ("Failover(ReplaceIndex(a, t, -1000), IfDefined(ReplaceIndex(a, t, -2000)))", 2),
        ("Append(IfDefined(ReplaceIndex(a, t, -1000)), a)", 4),
    ],
)
def test_what_is_missing_in_every_utterance_is_zero_in_each(tmp_path: Path, output: str, columns: int) -> None:
    network = network_of(
        tmp_path,
        "component-node name=a component=a input=input",
        f"output-node name=output input={output}",
        components=(noop("a"),),
    )
    model = ov.Core().compile_model(convert_network(network, ConvertOptions()), "CPU")
    features = np.arange(12, dtype=np.float32).reshape(2, 3, 2)
    zeros = np.zeros((2, 3, 2), np.float32)
    expected = zeros if columns == 2 else np.concatenate([zeros, features], 2)
    np.testing.assert_array_equal(model([features])[0], expected)
