"""Exported models (blobs): the compiled model in one file and, beside it, a sidecar file that says what it is.

The sidecar ``<blob>.json`` holds the digest of the blob, device, runtime and, of a converted model, the metadata of its
conversion, which a blob itself cannot keep.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ov_asr_score.device.plugins import check_devices, has_plugin
from ov_asr_score.device.properties import import_properties
from ov_asr_score.errors import BlobFormatError, DeviceError
from ov_asr_score.kaldi_io.files.input import open_path
from ov_asr_score.kaldi_io.files.output import atomic_output
from ov_asr_score.kaldi_io.foreign import BLOB, MODEL, START_BYTES, describe_start
from ov_asr_score.openvino_api import RUNTIME_ERRORS, first_cause, ov, version
from ov_asr_score.settings.device import DeviceSettings, runtime_device


def export_blob(
    compiled: ov.CompiledModel, path: Path, settings: DeviceSettings, conversion: Mapping[str, object] | None = None
) -> None:
    """Write the compiled model to ``path`` and its sidecar beside it.

    ``conversion`` holds the metadata of a converted model, which go into the sidecar. Raises DeviceError when the
    device cannot export, FileAccessError when the file cannot be written.
    """
    try:
        exported = compiled.export_model()
    except RUNTIME_ERRORS as error:
        raise DeviceError(f"{settings.device}: cannot export a compiled model: {first_cause(error)}") from error
    blob = bytes(exported) if isinstance(exported, bytes) else bytes(exported.getvalue())
    write_blob_file(blob, path, settings, conversion)


def write_blob_file(
    blob: bytes, path: Path, settings: DeviceSettings, conversion: Mapping[str, object] | None = None
) -> None:
    """Write ``blob`` and its sidecar as ``export_blob`` does. Raises FileAccessError."""
    sidecar: dict[str, object] = {
        "format": "ov-asr-score-blob",
        "format_version": 1,
        "sha256": hashlib.sha256(blob).hexdigest(),
        "device": settings.device,
        "openvino": version(),
    }
    if settings.gna_mode is None:  # a blob for GNA tells its bits itself
        sidecar["precision"] = settings.precision
    if conversion is not None:
        sidecar["conversion"] = dict(conversion)
    with atomic_output(path) as file, atomic_output(_sidecar_path(path)) as sidecar_file:
        file.write(blob)
        sidecar_file.write((json.dumps(sidecar, indent=2) + "\n").encode())
        file.finish()  # both are synced before either is renamed: a sidecar beside another blob would damn it
        sidecar_file.finish()


def read_sidecar(path: Path) -> dict[str, Any]:
    """What ``export_blob`` wrote beside a blob; empty when there is nothing or it is not whole."""
    try:
        sidecar = json.loads(_sidecar_path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(sidecar, dict) or sidecar.get("format") != "ov-asr-score-blob":
        return {}
    return sidecar if all(isinstance(sidecar.get(name), str) for name in ("sha256", "device", "openvino")) else {}


def check_sidecar(path: Path, blob: bytes) -> dict[str, Any]:
    """The sidecar beside a blob. Raises BlobFormatError when the blob is not the one that it was written for."""
    sidecar = read_sidecar(path)
    if sidecar and sidecar["sha256"] != hashlib.sha256(blob).hexdigest():
        name = _sidecar_path(path).name
        raise BlobFormatError(
            f"{path}: its content does not match the digest in {name}; it is damaged, export it again"
        )
    return sidecar


def import_blob(core: ov.Core, path: Path, settings: DeviceSettings) -> ov.CompiledModel:
    """The compiled model in the blob at ``path``.

    Raises BlobFormatError when it is damaged or was made for another device or runtime, FileAccessError.
    """
    with open_path(str(path)) as file:
        blob = file.read()
    sidecar = check_sidecar(path, blob)
    is_model = not describe_start(blob[:START_BYTES], str(path), MODEL)
    if is_model and blob.lstrip()[:5] in (b"<?xml", b"<net "):
        raise BlobFormatError(f"{path}: is an OpenVINO IR, not an exported blob; give it as model", fields=("model",))
    if is_model and blob.startswith(b"\0B<"):
        raise BlobFormatError(f"{path}: is a Kaldi model, not an exported blob; give it as model", fields=("model",))
    if blob.startswith(b"GNAM") and not has_plugin(core, "GNA"):
        raise BlobFormatError(
            f"{path}: is a blob for GNA; give device GNA_SW_EXACT, which runs it in software", fields=("device",)
        )
    # a device that is not there is a better message than whatever the import would say
    device = runtime_device(settings.device)
    check_devices(core, settings)
    properties = import_properties(settings)
    try:
        return core.import_model(blob, device, properties)
    except RUNTIME_ERRORS as error:
        if not sidecar:
            check_blob_kind(path, blob)
        made = f"; it was made for {sidecar['device']} by OpenVINO {sidecar['openvino']}" if sidecar else ""
        raise BlobFormatError(
            f"{path}: {device} of OpenVINO {version()} cannot import this blob: {first_cause(error)}{made}"
        ) from error


def check_blob_kind(path: Path, blob: bytes) -> None:
    """Raise BlobFormatError if the content ``blob`` of ``path`` is known to be something else, and say what.

    Blobs of some devices are files of a common kind (ELF): ask when one cannot be imported.
    """
    what = describe_start(blob[:START_BYTES], str(path), BLOB, whole=len(blob) <= START_BYTES)
    if what:
        raise BlobFormatError(f"{path}: {what}")


def _sidecar_path(path: Path) -> Path:
    return path.with_name(path.name + ".json")
