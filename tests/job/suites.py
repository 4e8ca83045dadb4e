"""Suites of the tiny model, written for one test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ov_asr_score.job import CheckJob, read_suite, run_suite
from ov_asr_score.report.data.suite import RunResult, SuiteReport
from tests.tiny_model import Table, tiny_features, tiny_scores, write_table

FEATURES: Table = tiny_features(5, 3, 8)
SCORES: Table = {key: tiny_scores(features).astype(np.float32) for key, features in FEATURES.items()}


def write_suite(folder: Path, text: str, *, model: str, scores: Table | None = SCORES) -> Path:
    """Path of a suite beside ``f.ark`` and ``r.ark``; ``MODEL`` in its text becomes the path of the model."""
    write_table(folder / "f.ark", FEATURES)
    if scores is not None:
        write_table(folder / "r.ark", scores)
    path = folder / "suite.toml"
    path.write_text(text.replace("MODEL", model))
    return path


def case(name: str = "tiny", limits: str = "max_error = 0.001", **values: str) -> str:
    """A case as TOML; values are texts in TOML's form, and replace or add to what a case needs."""
    given = {"model": '"MODEL"', "inputs": '"ark:f.ark"', "references": '"ark:r.ark"'} | values
    lines = [f"{key} = {value}" for key, value in given.items() if value]
    return "\n".join(["[[case]]", f'name = "{name}"', *lines, f"limits = {{ {limits} }}", ""])


def checked(path: Path, **options: Any) -> SuiteReport:
    """The report of a suite."""
    return run_suite(CheckJob(read_suite(path), **options))


def only_result(path: Path, **options: Any) -> RunResult:
    """The only result of a suite."""
    (result,) = checked(path, **options).results
    return result
