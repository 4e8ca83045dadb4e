"""Compiling for devices, what they tell, and exported blobs; on the CPU plugin."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest

from ov_asr_score.device.compilation import (
    compile_model,
    describe_device,
    export_blob,
    import_blob,
    list_devices,
    missing_plugins,
    read_blob_note,
)
from ov_asr_score.device.properties import compile_properties
from ov_asr_score.errors import BlobFormatError, DeviceError, FileAccessError, UnknownNameError
from ov_asr_score.openvino_api import opset as op
from ov_asr_score.settings.device import DeviceSettings, Precision
from tests.runtimes import computes_in

CORE = ov.Core()
WEIGHTS = np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32)
FRAMES = np.random.default_rng(1).standard_normal((5, 4)).astype(np.float32)


def affine_model(shape: tuple[int, ...] = (-1, 4)) -> ov.Model:
    x = op.parameter(list(shape), np.float32, name="x")
    x.output(0).get_tensor().set_names({"x"})
    score = op.tanh(op.matmul(x, op.constant(WEIGHTS), False, False), name="score")
    score.output(0).get_tensor().set_names({"score"})
    return ov.Model([op.result(score)], [x], "affine")


def scores_of(compiled: ov.CompiledModel) -> Any:
    return compiled([FRAMES])[0]


def test_properties_nested_as_for_gna_reach_the_plugin() -> None:
    """What GNA among others is given has the same form; HETERO hands it on."""
    settings = DeviceSettings("HETERO:GNA,CPU", threads=1, streams=1, profile=True)
    nested = compile_properties(settings, ["x"])["DEVICE_PROPERTIES"]
    assert isinstance(nested, dict)
    compiled = CORE.compile_model(affine_model(), "HETERO:CPU", {"DEVICE_PROPERTIES": {"CPU": nested["CPU"]}})
    used = compiled.get_property("DEVICE_PROPERTIES")["CPU"]
    assert used["INFERENCE_PRECISION_HINT"].get_type_name() == "f32"
    assert (used["INFERENCE_NUM_THREADS"], used["NUM_STREAMS"], used["PERF_COUNT"]) == (1, 1, "YES")


@pytest.mark.parametrize("device", ["CPU", "AUTO", "AUTO:CPU", "MULTI:CPU", "HETERO:CPU"])
def test_devices_that_come_down_to_the_cpu_give_the_same_scores(device: str) -> None:
    if device == "AUTO" and [name for name in CORE.available_devices if name != "CPU"]:
        pytest.skip("AUTO may take another device here")
    settings = DeviceSettings(device)
    compiled = compile_model(CORE, affine_model(), settings)
    np.testing.assert_allclose(scores_of(compiled), np.tanh(FRAMES @ WEIGHTS), rtol=0, atol=1e-6)
    report = describe_device(CORE, compiled, settings)
    assert report.requested == device
    assert report.execution_devices
    assert all("CPU" in name for name in report.execution_devices)
    assert report.precision_used.startswith("f32")
    assert report.full_name == CORE.get_property("CPU", "FULL_DEVICE_NAME")


@pytest.mark.parametrize("precision", ["f32", "bf16", "f16"])
def test_the_precision_is_what_the_plugin_says(precision: Precision) -> None:
    settings = DeviceSettings(precision=precision)
    report = describe_device(CORE, compile_model(CORE, affine_model(), settings), settings)
    assert report.precision_requested == precision
    able = precision == "f32" or computes_in({"bf16": "BF16", "f16": "FP16"}[precision])
    # a processor that has bf16 but not f16 takes the former for the latter
    assert report.precision_used in ({precision} if able else {precision, "bf16", "f32"})
    assert report.emulated == (not able and report.precision_used == precision)


def test_threads_streams_and_configuration_reach_the_plugin() -> None:
    settings = DeviceSettings(threads=1, streams=1, config={"PERFORMANCE_HINT": "THROUGHPUT"})
    report = describe_device(CORE, compile_model(CORE, affine_model(), settings), settings)
    assert report.properties["INFERENCE_NUM_THREADS"] == "1"
    assert report.properties["NUM_STREAMS"] == "1"
    assert "THROUGHPUT" in report.properties["PERFORMANCE_HINT"]


def test_profiling() -> None:
    compiled = compile_model(CORE, affine_model(), DeviceSettings(profile=True))
    request = compiled.create_infer_request()
    request.infer([FRAMES])
    assert any("EXECUTED" in str(record.status) for record in request.profiling_info)


def test_cache(tmp_path: Path) -> None:
    settings = DeviceSettings(cache_dir=str(tmp_path / "cache"))
    for _ in range(2):
        compiled = compile_model(ov.Core(), affine_model(), settings)
        np.testing.assert_allclose(scores_of(compiled), np.tanh(FRAMES @ WEIGHTS), rtol=0, atol=1e-6)
    assert list((tmp_path / "cache").iterdir())


@pytest.mark.parametrize(
    ("device", "message"),
    [
        ("CUP", "no device 'CUP' here: .*; did you mean CPU?"),
        ("HETERO:CPU,XPU", r"HETERO:CPU,XPU: no device 'XPU' here"),
        ("cpu", "did you mean CPU?"),
        ("", "expected a device such as CPU"),
        ("AUTO:CUP", "no device 'CUP' here"),
        ("HETRO:CPU", "no device 'HETRO' here: .*; did you mean HETERO?"),
    ],
)
def test_devices_that_are_not_there(device: str, message: str) -> None:
    with pytest.raises(DeviceError, match=message) as caught:
        compile_model(CORE, affine_model(), DeviceSettings(device))
    assert "available: " in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("device", ["GNA", "GNA_SW_EXACT", "HETERO:GNA_SW_EXACT,CPU", "HETERO:GNA,CPU"])
def test_gna_without_its_plugin(device: str) -> None:
    assert "GNA" in dict(missing_plugins(CORE))
    with pytest.raises(DeviceError, match=r"has no GNA plugin. .* -d CPU in floats") as caught:
        compile_model(CORE, affine_model(), DeviceSettings(device))
    assert str(caught.value).startswith(f"{device}: ")
    assert "\n" not in str(caught.value)


def test_properties_that_are_not_there() -> None:
    with pytest.raises(UnknownNameError, match="--config NUM_STREAM: CPU has no such property; did you mean NUM_STREA"):
        compile_model(CORE, affine_model(), DeviceSettings(config={"NUM_STREAM": "1"}))
    with pytest.raises(DeviceError, match="CPU: OpenVINO cannot use it: ") as caught:
        compile_model(CORE, affine_model(), DeviceSettings(config={"NUM_STREAMS": "many"}))
    assert "\n" not in str(caught.value)


def test_list_devices() -> None:
    (cpu,) = [device for device in list_devices(CORE) if device.name == "CPU"]
    assert "FP32" in cpu.capabilities
    assert cpu.full_name == CORE.get_property("CPU", "FULL_DEVICE_NAME")
    assert "NUM_STREAMS" in cpu.properties


# --- blobs


@pytest.mark.parametrize("shape", [(-1, 4), (5, 4)])
def test_a_blob_gives_the_scores_of_its_model(shape: tuple[int, ...], tmp_path: Path) -> None:
    settings = DeviceSettings()
    compiled = compile_model(CORE, affine_model(shape), settings)
    path = tmp_path / "model.blob"
    export_blob(compiled, path, settings)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["model.blob", "model.blob.json"]
    note = read_blob_note(path)
    assert (note["device"], note["precision"]) == ("CPU", "f32")
    again = import_blob(ov.Core(), path, settings)
    np.testing.assert_array_equal(scores_of(again), scores_of(compiled))
    assert again.inputs[0].get_any_name() == "x"
    (tmp_path / "model.blob.json").unlink()
    np.testing.assert_array_equal(scores_of(import_blob(ov.Core(), path, settings)), scores_of(compiled))


def test_facts_of_a_conversion_go_beside_the_blob(tmp_path: Path) -> None:
    path, facts = tmp_path / "model.blob", {"time": "chunk", "generation": 3, "pad_input": True}
    compiled = compile_model(CORE, affine_model(), DeviceSettings())
    export_blob(compiled, path, DeviceSettings(), facts)
    assert read_blob_note(path)["conversion"] == facts
    export_blob(compiled, path, DeviceSettings())
    assert "conversion" not in read_blob_note(path)


def test_a_blob_takes_settings_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "model.blob"
    export_blob(compile_model(CORE, affine_model(), DeviceSettings()), path, DeviceSettings())
    settings = DeviceSettings(threads=1, streams=1, profile=True, cache_dir=str(tmp_path / "cache"))
    compiled = import_blob(CORE, path, settings)
    request = compiled.create_infer_request()
    request.infer([FRAMES])
    np.testing.assert_allclose(request.get_output_tensor(0).data, np.tanh(FRAMES @ WEIGHTS), rtol=0, atol=1e-6)
    assert describe_device(CORE, compiled, settings).properties["NUM_STREAMS"] == "1"


@pytest.fixture
def blob(tmp_path: Path) -> Path:
    path = tmp_path / "model.blob"
    export_blob(compile_model(CORE, affine_model(), DeviceSettings()), path, DeviceSettings())
    return path


def check_refused(path: Path, message: str) -> None:
    with pytest.raises(BlobFormatError, match=message) as caught:
        import_blob(CORE, path, DeviceSettings())
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_blob_with_a_changed_byte(blob: Path) -> None:
    content = bytearray(blob.read_bytes())
    content[len(content) // 2] ^= 1
    blob.write_bytes(content)
    check_refused(blob, r"does not match the digest in model.blob.json; it is damaged, export it again")


@pytest.mark.parametrize("length", [0, 7, 40, 300, -40])
def test_a_blob_cut_off_without_a_note(length: int, blob: Path) -> None:
    blob.with_name("model.blob.json").unlink()
    blob.write_bytes(blob.read_bytes()[:length])
    check_refused(blob, "CPU of OpenVINO .* cannot import this blob: ")


def test_a_blob_of_another_runtime(blob: Path) -> None:
    note_path = blob.with_name("model.blob.json")
    content = blob.read_bytes().replace(b"ov=20", b"ov=19", 1)
    blob.write_bytes(content)
    note = json.loads(note_path.read_text()) | {"openvino": "1999.1", "sha256": hashlib.sha256(content).hexdigest()}
    note_path.write_text(json.dumps(note))
    if b"ov=19" in content:
        check_refused(blob, r"cannot import this blob: .*; it was made for CPU by OpenVINO 1999.1")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'<?xml version="1.0"?><net/>', "is an OpenVINO IR, not an exported blob; give it to -m/--model"),
        (b"GNAM\x08\x00\x02\x08" + bytes(100), "is a blob for GNA; give -d GNA_SW_EXACT"),
        (b"\0B<Nnet> ", "is a Kaldi model, not an exported blob; give it to -m/--model"),
    ],
)
def test_other_files_given_as_blobs(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(content)
    check_refused(tmp_path / "other", message)


@pytest.mark.parametrize("note", ["", "{", "[]", '{"format": "something else"}', "\xff"])
def test_a_note_that_is_not_ours_is_no_note(note: str, blob: Path) -> None:
    blob.with_name("model.blob.json").write_text(note, encoding="latin-1")
    assert read_blob_note(blob) == {}
    import_blob(CORE, blob, DeviceSettings())


def test_a_note_that_lacks_what_it_should_hold(blob: Path) -> None:
    note = blob.with_name("model.blob.json")
    note.write_text(json.dumps({"format": "ov-asr-score-blob", "format_version": 1}))
    import_blob(CORE, blob, DeviceSettings())
    blob.write_bytes(b"RR_UPCVO")
    check_refused(blob, "cannot import this blob")


def test_blobs_that_cannot_be_read_or_written(blob: Path, tmp_path: Path) -> None:
    with pytest.raises(FileAccessError):
        import_blob(CORE, tmp_path / "missing.blob", DeviceSettings())
    with pytest.raises(FileAccessError):
        export_blob(compile_model(CORE, affine_model(), DeviceSettings()), tmp_path / "no" / "b", DeviceSettings())
    with pytest.raises(DeviceError, match="no device 'CUP'"):
        import_blob(CORE, blob, DeviceSettings("CUP"))
