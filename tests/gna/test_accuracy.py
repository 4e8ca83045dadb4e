"""Accuracy of the shipped models in integers, compared with those that Intel's plugin made.

Intel's errors: RMS differences of the scores that its software execution gave (OpenVINO 2022.1, default -pwl_me 1.0) to
float scores, over the same utterances.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.gna.compiler.compilation import compile_graph
from ov_asr_score.gna.compiler.compile_options import CompileSettings
from ov_asr_score.gna.exact.program import ExactProgram
from ov_asr_score.gna.format.blob import read_blob, write_blob
from ov_asr_score.gna.graphs.float_graph import GnaGraph
from ov_asr_score.gna.graphs.float_program import FloatProgram
from ov_asr_score.gna.graphs.reading.model_reader import read_graph
from ov_asr_score.gna.model import GnaModel
from ov_asr_score.kaldi_io.specifier import parse_read_specifier
from ov_asr_score.kaldi_io.tables.sequential import read_table
from ov_asr_score.openvino_api import ov
from tests.gna.small_graphs import Floats, scores_of

ROOT = Path(__file__).parents[2]

INTEL = {
    ("dnn_digits", 16): 0.03285,
    ("dnn_digits", 8): 0.04607,
    ("lstm_mem", 16): 0.01732,
    ("lstm_mem", 8): 0.00848,
    ("tdnn_al", 16): 0.00392,
    ("tdnn_al", 8): 0.01640,
}


@lru_cache
def _model(name: str) -> tuple[GnaGraph, tuple[Floats, ...], tuple[Floats, ...]]:
    """The graph, features of all utterances and their scores in float."""
    graph = read_graph(ov.Core().read_model(ROOT / "models" / f"{name}.xml"), name)
    table = read_table(parse_read_specifier(f"ark:{ROOT}/data/{name}/features.ark"))
    features = tuple(np.asarray(matrix, np.float32) for _, matrix in table)
    program = FloatProgram(graph)
    return graph, features, tuple(scores_of(program, [each[None]])[0][0] for each in features)


def _compiled(name: str, **settings: object) -> GnaModel:
    graph, features, _ = _model(name)
    factor = float(16384 / np.abs(features[0]).max())
    found = compile_graph(graph, CompileSettings({graph.inputs[0].name: factor}, **settings))  # type: ignore[arg-type]
    return read_blob(write_blob(found.model), name)


def _compare(name: str, model: GnaModel) -> tuple[float, float]:
    """RMS error, and the share of frames whose best class is the same."""
    _, features, expected = _model(name)
    program = ExactProgram(model)
    found = np.concatenate([scores_of(program, [each[None]])[0][0] for each in features])
    exact = np.concatenate(expected)
    rms = float(np.sqrt(np.mean((found.astype(np.float64) - exact) ** 2)))
    return rms, float(np.mean(found.argmax(axis=1) == exact.argmax(axis=1)))


@pytest.mark.parametrize(("name", "bits"), INTEL)
@pytest.mark.parametrize("percent", [1.0, None])
def test_errors_do_not_exceed_intel_design(name: str, bits: int, percent: float | None) -> None:
    rms, _ = _compare(name, _compiled(name, weight_bits=bits, pwl_max_error_percent=percent))
    assert rms <= 1.10 * INTEL[name, bits]


@pytest.mark.parametrize("name", ["dnn_digits", "lstm_mem", "tdnn_al"])
def test_all_segments_reduce_error(name: str) -> None:
    rms, same = _compare(name, _compiled(name))
    assert rms <= 0.1 * INTEL[name, 16]
    assert same >= 0.997


def test_best_class_agrees() -> None:
    rms, same = _compare("dnn_digits", _compiled("dnn_digits"))
    assert rms <= 0.2 * 0.033
    assert same >= 0.999
