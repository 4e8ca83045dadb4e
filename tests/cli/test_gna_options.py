from __future__ import annotations

import pytest

from ov_asr_score.openvino_api import ov
from tests.command_line import DATA, MODELS, run

DNN = ("-m", MODELS / "dnn_digits.xml", "-i", DATA / "dnn_digits/features.ark")
without_gna = pytest.mark.skipif("GNA" in ov.Core().available_devices, reason="this runtime has a GNA plugin")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("-qb", "8"), "-qb"),
        (("-qb", "16"), "-qb"),  # given, although it is the default
        (("-q", "user", "-sf", "1.5", "-memory_reuse_off", "-a", "ATOM"), "-q -sf -memory_reuse_off -a"),
        (("--pwl-me", "1.0", "--exec_target", "GNA_TARGET_3_0"), "-pwl_me -exec_target"),
    ],
)
def test_a_note_says_once_what_has_no_effect(options: tuple[str, ...], named: str) -> None:
    lines = run(*DNN, *options).stdout.splitlines()
    notes = [line for line in lines if "GNA" in line]
    assert notes == [f"note: without effect on CPU, because they are for GNA: {named}"]


def test_no_note_without_such_options() -> None:
    assert "GNA" not in run(*DNN).stdout


@without_gna
@pytest.mark.parametrize(
    "device", ["GNA", "GNA_AUTO", "GNA_HW", "GNA_HW_WITH_SW_FBACK", "GNA_SW_EXACT", "GNA_SW_FP32", "HETERO:GNA_HW,CPU"]
)
def test_a_device_without_its_plugin_is_explained(device: str) -> None:
    outcome = run(*DNN, "-d", device, "-qb", "8", "-q", "user", "-sf", "input:2.5")
    assert outcome.code == 3
    assert outcome.error.startswith(f"{device}: this OpenVINO ")
    assert "has no GNA plugin" in outcome.error
    assert "use -d CPU" in outcome.error


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("-qb", "4"), "-qb 4: expected 8 or 16"),
        (("-q", "dynamic"), "-q dynamic: no GNA plugin ever had it"),
        (("-q", "user"), "-q user: expected scale factors in -sf"),
        (("-we", "image.bin"), "-we: embedded images are made by the GNA plugin only"),
        (("-exec_target", "GMA"), "-exec_target 'GMA': expected GNA_TARGET_2_0"),
        (("-sf", "0"), "expected a number above 0"),
        (("-sf", "a=-1"), "expected a number above 0"),
    ],
)
def test_what_no_plugin_could_do_is_wrong_use(options: tuple[str, ...], message: str) -> None:
    outcome = run(*DNN, *options)
    assert outcome.code == 2
    assert message in outcome.error


@pytest.mark.parametrize("options", [("-q", "other"), ("-a", "XEON"), ("-pwl_me", "101"), ("-qb", "x")])
def test_values_out_of_range_are_wrong_use(options: tuple[str, ...]) -> None:
    assert run(*DNN, *options).code == 2
