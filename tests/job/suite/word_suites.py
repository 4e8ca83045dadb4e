"""Suites whose cases have words: a network that gives on what it gets gets the scores that Kaldi computed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ov_asr_score.openvino_api import opset, ov
from tests.command_line import ROOT

SPEECH = ROOT / "data" / "speech"
CHAIN = ROOT / "models" / "chain_ivector"
HEAD = f"""format_version = 1
[defaults]
graph = "{CHAIN}/graph/HCLG.fst"
text = "{SPEECH}/text"
[defaults.options]
transition-model = "{ROOT}/models/chain_ivector/final.mdl"
"""


def save_scaling(path: Path, factor: float, width: int = 56) -> None:
    """Write a model whose scores are its features times ``factor``; the graph has 56 pdfs."""
    features = opset.parameter([-1, width], np.float32, name="features")
    weights = opset.constant(np.eye(width, dtype=np.float32) * np.float32(factor))
    scores = opset.matmul(features, weights, False, False, name="scores")
    ov.save_model(ov.Model([scores], [features], "scaling"), path, compress_to_fp16=False)


def word_case(name: str, model: str, limits: str, **values: str) -> str:
    """A case without references as TOML; values are texts in TOML's form."""
    given = {"model": f'"{model}"', "inputs": f'"ark:{SPEECH}/kaldi_scores.ark"'} | values
    lines = [f"{key} = {value}" for key, value in given.items() if value]
    return "\n".join(["[[case]]", f'name = "{name}"', *lines, f"limits = {{ {limits} }}", ""])


def write_word_suite(folder: Path, *cases: str, head: str = HEAD) -> Path:
    """Path of a suite beside ``same.xml``, whose words are Kaldi's, and ``flat.xml``, whose words are others."""
    save_scaling(folder / "same.xml", 1.0)
    save_scaling(folder / "flat.xml", 0.05)
    path = folder / "suite.toml"
    path.write_text(head + "".join(cases))
    return path
