"""IR and ONNX files that are not whole, or of a version that is not read any more."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ov_asr_score.errors import ModelFormatError, UnsupportedModelError
from ov_asr_score.ov_model.whole_files import check_ir_files, onnx_damage

MODELS = Path(__file__).parents[2] / "models"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    for suffix in (".xml", ".bin"):
        shutil.copy(MODELS / f"two_inputs{suffix}", tmp_path)
    return tmp_path / "two_inputs.xml"


def test_a_whole_ir(model: Path) -> None:
    check_ir_files(model)


def test_damaged_xml(model: Path) -> None:
    text = model.read_text()
    model.write_text(text[: len(text) // 2])
    with pytest.raises(ModelFormatError, match=r"two_inputs.xml: line \d+, column \d+: expected well-formed XML"):
        check_ir_files(model)
    model.write_text(text.replace('offset="0"', 'offset="x"', 1))
    with pytest.raises(ModelFormatError, match="expected whole numbers for offset and size"):
        check_ir_files(model)
    model.write_text("<notes/>")
    with pytest.raises(ModelFormatError, match=r"expected <net> .* found <notes>"):
        check_ir_files(model)


def test_weights_that_are_missing_or_cut_off(model: Path) -> None:
    weights = model.with_suffix(".bin")
    content = weights.read_bytes()
    weights.write_bytes(content[:-1])
    with pytest.raises(ModelFormatError, match=rf"two_inputs.bin: expected at least {len(content)} bytes .* found"):
        check_ir_files(model)
    weights.unlink()
    with pytest.raises(ModelFormatError, match=r"the weights file two_inputs.bin is missing"):
        check_ir_files(model)


OLD_IR = """<?xml version="1.0" ?>
<net name="n" version="{version}" batch="1">
  <layers><layer id="0" name="x" type="Input" precision="FP32"><output><port id="0"/></output></layer></layers>
  <edges/>
  <meta_data>{meta}</meta_data>
</net>
"""
FROM_KALDI = """<MO_version value="2019.1.0-341"/><cli_parameters><framework value="kaldi"/></cli_parameters>"""


@pytest.mark.parametrize("version", range(1, 10))
def test_old_ir_is_refused_by_its_version(version: int, tmp_path: Path) -> None:
    path = tmp_path / "m.xml"
    path.write_text(OLD_IR.format(version=version, meta=""))
    with pytest.raises(UnsupportedModelError) as caught:
        check_ir_files(path)
    assert str(caught.value) == (
        f"{path}: is an IR of version {version} (OpenVINO 2018 to 2020.1); OpenVINO reads version 10 and later since "
        "2021; convert the model that it was made of again (a Kaldi model with `ov-asr-score convert`)"
    )


def test_old_ir_says_who_wrote_it_and_from_what(tmp_path: Path) -> None:
    path = tmp_path / "m.xml"
    path.write_text(OLD_IR.format(version=6, meta=FROM_KALDI))
    with pytest.raises(UnsupportedModelError) as caught:
        check_ir_files(path)
    assert str(caught.value) == (
        f"{path}: is an IR of version 6 (Model Optimizer 2019.1.0-341); OpenVINO reads version 10 and later since "
        "2021; convert the Kaldi model that it was made of with `ov-asr-score convert`, or score that model itself"
    )
    path.write_text(OLD_IR.format(version=10, meta=FROM_KALDI))
    check_ir_files(path)


@pytest.mark.parametrize("version", ["", "new"])
def test_an_ir_needs_a_version(version: str, tmp_path: Path) -> None:
    path = tmp_path / "m.xml"
    path.write_text(OLD_IR.format(version=version, meta=""))
    with pytest.raises(ModelFormatError, match=r"expected the version of the IR in <net version=…>, found"):
        check_ir_files(path)


def test_damage_of_onnx_files_has_a_place(tmp_path: Path) -> None:
    content = (MODELS / "conv_ctc.onnx").read_bytes()
    path = tmp_path / "m.onnx"
    for length in range(0, len(content), 97):
        path.write_bytes(content[:length])
        said = onnx_damage(path)
        assert length < 10 or said.startswith("at byte "), length
        assert "\n" not in said
    path.write_bytes(content)
    assert onnx_damage(path) == ""
    path.write_bytes(b"\xff" * 40)
    assert onnx_damage(path) == "at byte 0: expected a number, found more than ten bytes of one"
    path.write_bytes(b"\x0f\1")
    assert onnx_damage(path) == "at byte 0: expected a field of protobuf, found one of kind 7"
    path.write_bytes(b"\0\1")
    assert onnx_damage(path) == "at byte 0: expected a field of protobuf, found b'\\x00'"
    path.write_bytes(b"\x0d\1")
    assert onnx_damage(path) == "at byte 2: the last field is cut off"
    assert onnx_damage(tmp_path / "missing.onnx") == ""
