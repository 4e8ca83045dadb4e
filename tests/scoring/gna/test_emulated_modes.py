"""Which GNA modes are run in software, and what other devices load for that."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ov_asr_score.errors import DeviceError
from ov_asr_score.openvino_api import ov
from ov_asr_score.scoring.gna.emulated_modes import is_emulated
from ov_asr_score.settings.device import DeviceSettings


def test_modes() -> None:
    core = ov.Core()
    if "GNA" in core.available_devices:
        pytest.skip("the runtime has the plugin")
    assert not is_emulated(core, DeviceSettings("CPU"))
    assert is_emulated(core, DeviceSettings("GNA_SW_EXACT"))
    with pytest.raises(DeviceError, match=r"^GNA_HW: needs a GNA device"):
        is_emulated(core, DeviceSettings("GNA_HW"))


def test_runs_on_other_devices_load_nothing_of_gna() -> None:
    program = "import sys, ov_asr_score.job.score; print(*(each for each in sys.modules if '_score.gna.' in each))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == ""
