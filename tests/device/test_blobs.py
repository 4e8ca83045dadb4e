"""Exported blobs and their sidecar files; on the CPU plugin."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import openvino as ov
import pytest

from ov_asr_score.device.blobs import export_blob, import_blob, read_sidecar
from ov_asr_score.device.compiled_model import compile_model
from ov_asr_score.device.reports import describe_device
from ov_asr_score.errors import BlobFormatError, DeviceError, FileAccessError
from ov_asr_score.settings.device import DeviceSettings
from tests.device.affine_models import CORE, FRAMES, WEIGHTS, affine_model, scores_of


@pytest.mark.parametrize("shape", [(-1, 4), (5, 4)])
def test_a_blob_gives_the_scores_of_its_model(shape: tuple[int, ...], tmp_path: Path) -> None:
    settings = DeviceSettings()
    compiled = compile_model(CORE, affine_model(shape), settings)
    path = tmp_path / "model.blob"
    export_blob(compiled, path, settings)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["model.blob", "model.blob.json"]
    sidecar = read_sidecar(path)
    assert (sidecar["device"], sidecar["precision"]) == ("CPU", "f32")
    again = import_blob(ov.Core(), path, settings)
    np.testing.assert_array_equal(scores_of(again), scores_of(compiled))
    assert again.inputs[0].get_any_name() == "x"
    (tmp_path / "model.blob.json").unlink()
    np.testing.assert_array_equal(scores_of(import_blob(ov.Core(), path, settings)), scores_of(compiled))


def test_conversion_metadata_go_into_the_sidecar(tmp_path: Path) -> None:
    path, facts = tmp_path / "model.blob", {"time": "chunk", "generation": 3, "pad_input": True}
    compiled = compile_model(CORE, affine_model(), DeviceSettings())
    export_blob(compiled, path, DeviceSettings(), facts)
    assert read_sidecar(path)["conversion"] == facts
    export_blob(compiled, path, DeviceSettings())
    assert "conversion" not in read_sidecar(path)


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


@pytest.mark.parametrize("length", [7, 40, 300, -40])
def test_a_blob_cut_off_without_a_sidecar(length: int, blob: Path) -> None:
    blob.with_name("model.blob.json").unlink()
    blob.write_bytes(blob.read_bytes()[:length])
    check_refused(blob, "CPU of OpenVINO .* cannot import this blob: ")


def test_a_blob_that_is_something_else(blob: Path) -> None:
    blob.with_name("model.blob.json").unlink()
    for content, what in (
        (b"", "is empty; expected an exported blob"),
        (
            b"version https://git-lfs.github.com/spec/v1\n",
            "is a Git LFS pointer, not the file itself; run git lfs pull",
        ),
        (b"\0B<DiagGMM> ", r"is a Gaussian mixture \(UBM\), .* <DiagGMM>; expected an exported blob"),
        (b"\x08\x08\x12\7pytorch", "is an ONNX model; expected an exported blob"),
    ):
        blob.write_bytes(content)
        check_refused(blob, what)


def test_a_blob_of_another_runtime(blob: Path) -> None:
    note_path = blob.with_name("model.blob.json")
    content = blob.read_bytes().replace(b"ov=20", b"ov=19", 1)
    blob.write_bytes(content)
    sidecar = json.loads(note_path.read_text()) | {"openvino": "1999.1", "sha256": hashlib.sha256(content).hexdigest()}
    note_path.write_text(json.dumps(sidecar))
    if b"ov=19" in content:
        check_refused(blob, r"cannot import this blob: .*; it was made for CPU by OpenVINO 1999.1")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'<?xml version="1.0"?><net/>', "is an OpenVINO IR, not an exported blob; give it as model"),
        (b"GNAM\x08\x00\x02\x08" + bytes(100), "is a blob for GNA; give device GNA_SW_EXACT"),
        (b"\0B<Nnet> ", "is a Kaldi model, not an exported blob; give it as model"),
    ],
)
def test_other_files_given_as_blobs(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(content)
    check_refused(tmp_path / "other", message)


@pytest.mark.parametrize("sidecar", ["", "{", "[]", '{"format": "something else"}', "\xff"])
def test_a_sidecar_of_another_format_is_ignored(sidecar: str, blob: Path) -> None:
    blob.with_name("model.blob.json").write_text(sidecar, encoding="latin-1")
    assert read_sidecar(blob) == {}
    import_blob(CORE, blob, DeviceSettings())


def test_a_sidecar_that_lacks_fields_is_ignored(blob: Path) -> None:
    sidecar = blob.with_name("model.blob.json")
    sidecar.write_text(json.dumps({"format": "ov-asr-score-blob", "format_version": 1}))
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
