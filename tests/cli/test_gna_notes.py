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
        (("-q", "user", "-sf", "1.5", "-memory_reuse_off", "-a", "ATOM"), "-q -a -sf -memory_reuse_off"),
        (("--pwl-me", "1.0", "--exec_target", "GNA_TARGET_3_0"), "-exec_target -pwl_me"),
        (("--scale-factor-utterances", "all", "--gna-report"), "--scale-factor-utterances --gna-report"),
    ],
)
def test_a_note_says_once_what_has_no_effect(options: tuple[str, ...], named: str) -> None:
    lines = run(*DNN, *options).stdout.splitlines()
    notes = [line for line in lines if "GNA" in line]
    assert notes == [f"note: without effect on CPU, because they are for GNA: {named}"]


def test_no_note_without_such_options() -> None:
    assert "GNA" not in run(*DNN).stdout


@without_gna
@pytest.mark.parametrize("device", ["GNA_HW", "HETERO:GNA_HW,CPU"])
def test_a_device_without_its_plugin_is_explained(device: str) -> None:
    outcome = run(*DNN, "-d", device, "-qb", "8", "-q", "user", "-sf", "input:2.5")
    assert outcome.code == 3
    assert outcome.error.startswith(f"{device}: needs a GNA device and an OpenVINO (up to 2023.3) with the GNA plugin")
    assert "GNA_SW_EXACT compute the same in software" in outcome.error


@without_gna
def test_embedded_images_need_the_plugin() -> None:
    outcome = run(*DNN, "-d", "GNA_SW_EXACT", "-we", "image.bin", "-we_gen", "GNA1")
    assert outcome.code == 3
    assert outcome.error.startswith(
        "-we/--export-embedded-model image.bin: images for embedded devices are made by the GNA plugin only"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("-qb", "4"), "-qb/--quantization-bits 4: expected 8 or 16"),
        (("-q", "dynamic"), "-q/--quantization dynamic: no GNA plugin ever had it"),
        (("-q", "user"), "-q/--quantization user: expected scale factors in -sf"),
        (("-we", "image.bin"), "-we/--export-embedded-model: embedded images are made by the GNA plugin only"),
        (("-exec_target", "GMA"), "--exec-target 'GMA': no such GNA device; expected one of GNA_TARGET_1_0, "),
        (
            ("-compile_target", "GNA_TARGET_9_0"),
            "--compile-target 'GNA_TARGET_9_0': no such GNA device; expected one of",
        ),
        (("-d", "GNA_EXACT"), "-d/--device: no GNA mode 'GNA_EXACT'; expected one of GNA, GNA_AUTO, GNA_HW, "),
        (
            ("-d", "GNA_HW", "-we", "a.bin", "-we_gen", "GNA2"),
            "-we_gen/--embedded-configuration 'GNA2': expected",
        ),
        (("-log", "LOUD"), "--log 'LOUD': expected one of LOG_NONE, LOG_ERROR"),
        (("--scale-factor-utterances", "0"), "--scale-factor-utterances '0': expected a number above 0, or all"),
        (("--scale-factor-utterances", "few"), "--scale-factor-utterances 'few': expected a number above 0, or all"),
        (("-sf", "0"), "expected a number above 0"),
        (("-sf", "a=-1"), "expected a number above 0"),
        (("-sf", "input=1,input=2"), "input 'input' is given twice"),
        (("-d", "GNA_SW_EXACT", "-sf", "input=1,input:0=2"), "input 'input' is given twice, once as 'input:0'"),
    ],
)
def test_what_no_plugin_could_do_is_wrong_use(options: tuple[str, ...], message: str) -> None:
    outcome = run(*DNN, *options)
    assert outcome.code == 2
    assert message in outcome.error


@pytest.mark.parametrize("options", [("-q", "other"), ("-a", "XEON"), ("-pwl_me", "101"), ("-qb", "x")])
def test_values_out_of_range_are_wrong_use(options: tuple[str, ...]) -> None:
    assert run(*DNN, *options).code == 2
