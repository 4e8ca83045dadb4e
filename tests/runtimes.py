"""Properties of the OpenVINO runtime that tests depend on."""

from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.openvino_api import ov, version

# OpenVINO 2023.3, the oldest that the package works with.
OLDEST_RUNTIME = version().startswith("2023.")


def computes_in(ability: str) -> bool:
    """Whether the CPU plugin has ``ability`` (BF16, FP16) for more than storing weights."""
    if OLDEST_RUNTIME and ability == "FP16":  # which it lists always, and falls back to bf16 or f32 without these
        return "avx512_fp16" in _processor_flags()
    return ability in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _processor_flags() -> set[str]:
    """The instruction sets of the processor, as Linux names them; empty on other systems."""
    information = Path("/proc/cpuinfo")
    return set(information.read_text().split()) if information.exists() else set()


def require_nncf() -> None:
    """Skip the test where there is no NNCF that can be imported with this runtime."""
    if OLDEST_RUNTIME:
        pytest.skip("today's NNCF cannot be imported with OpenVINO 2023.3")
    pytest.importorskip("nncf")
