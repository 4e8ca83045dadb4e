"""Properties of the OpenVINO runtime that tests depend on."""

from __future__ import annotations

import pytest

from ov_asr_score.openvino_api import ov, version

# OpenVINO 2023.3, the oldest that the package works with.
OLDEST_RUNTIME = version().startswith("2023.")


def computes_in(ability: str) -> bool:
    """Whether the CPU plugin has ``ability`` (BF16, FP16) for more than storing weights."""
    if OLDEST_RUNTIME and ability == "FP16":  # which it lists, and computes in bf16 or f32
        return False
    return ability in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def require_nncf() -> None:
    """Skip the test where there is no NNCF that can be imported with this runtime."""
    if OLDEST_RUNTIME:
        pytest.skip("today's NNCF cannot be imported with OpenVINO 2023.3")
    pytest.importorskip("nncf")
