"""Whether a device and a precision are there, told without compiling."""

from __future__ import annotations

from typing import Any

import pytest

from ov_asr_score.device.availability import lacking_device, lacking_precision


class FakeCore:
    """A runtime with these devices, and what the plugin of each lists as its abilities."""

    def __init__(self, **abilities: list[str]) -> None:
        self.available_devices = list(abilities)
        self._abilities = abilities

    def get_property(self, device: str, name: str) -> Any:
        assert name == "OPTIMIZATION_CAPABILITIES"
        if device not in self._abilities:
            raise RuntimeError(f"no plugin {device}")
        return self._abilities[device]


CORE: Any = FakeCore(CPU=["FP32", "BF16"], GPU=["FP32", "FP16"])


@pytest.mark.parametrize(
    "device",
    ["CPU", "GPU", "GPU.0", "AUTO", "AUTO:GPU,CPU", "HETERO:GNA_SW_EXACT,CPU", "GNA_SW_FP32", "MULTI:CPU(2),GPU(4)"],
)
def test_devices_that_are_there(device: str) -> None:
    assert lacking_device(CORE, device) == ""


@pytest.mark.parametrize(
    ("device", "missing"), [("NPU", "NPU"), ("GNA_HW", "GNA_HW"), ("AUTO:NPU,CPU", "NPU"), ("GPU.1", "GPU.1")]
)
def test_devices_that_a_machine_may_lack(device: str, missing: str) -> None:
    reason = lacking_device(CORE, device)
    assert reason.startswith(f"no {missing} here: OpenVINO ")
    assert reason.endswith("finds CPU, GPU")


def test_a_misspelt_device_is_for_the_compiler_to_refuse() -> None:
    assert lacking_device(CORE, "CUP") == ""


@pytest.mark.parametrize(
    ("device", "precision", "reason"),
    [
        ("CPU", "f32", ""),
        ("CPU", "bf16", ""),
        ("CPU", "f16", "CPU has no f16 of its own here (it has FP32, BF16)"),
        ("HETERO:GPU,CPU", "f16", "CPU has no f16 of its own here (it has FP32, BF16)"),
        ("GPU", "f16", ""),
        ("NPU", "f16", ""),  # which does not tell
    ],
)
def test_precisions(device: str, precision: str, reason: str) -> None:
    assert lacking_precision(CORE, device, precision) == reason
