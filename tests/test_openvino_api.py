"""The release of OpenVINO, and the causes in its error messages."""

from __future__ import annotations

import re

import pytest

from ov_asr_score.openvino_api import first_cause, version

WRAPPED = """Exception from src/inference/src/cpp/core.cpp:124:
Check 'm_parameters.size() == inputs.size()' failed at src/core/model.cpp:77:
While validating node 'opset1::MatMul affine () -> ()' with friendly_name 'affine':
Exception from src/plugins/plugin.cpp:9: no such   device
"""


def test_version_has_no_build_number() -> None:
    assert re.fullmatch(r"\d{4}\.\d+(\.\d+)?", version())


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        (WRAPPED, "no such   device"),
        ("one\n\n  two  ", "one two"),
        ("Exception from a.cpp:1:", ""),
        ("x" * 400, "x" * 299 + "…"),
        ("", "RuntimeError"),
    ],
)
def test_first_cause(message: str, cause: str) -> None:
    assert first_cause(RuntimeError(message)) == cause
