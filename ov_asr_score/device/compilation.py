"""Compile a model for a device, export what was compiled, import what was exported."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ov_asr_score.device.gna_properties import GNA_PROPERTIES
from ov_asr_score.device.properties import compile_properties, import_properties
from ov_asr_score.errors import BlobFormatError, DeviceError, FileAccessError, UnknownNameError
from ov_asr_score.kaldi_io.files.input import open_path
from ov_asr_score.kaldi_io.files.output import atomic_output
from ov_asr_score.openvino_api import RUNTIME_ERRORS, first_cause, ov, version
from ov_asr_score.settings.device import DeviceSettings, base_devices, runtime_device
from ov_asr_score.text import did_you_mean, near_names

GNA_ADVICE = (
    "OpenVINO removed its GNA plugin after 2023.3 and no PyPI wheel ever held it; -d GNA_SW_EXACT scores in software "
    "what a device would, -d CPU in floats"
)


_LOST_ORDER = "Topological order is required, but not set"

# What plugins call precisions in OPTIMIZATION_CAPABILITIES.
_ABILITIES = {"f32": "FP32", "bf16": "BF16", "f16": "FP16"}


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """What a compiled model really runs on; ``precision_used`` is what the plugin says it computes in.

    ``emulated`` tells that the device does not list that precision among its abilities: right, but slow. ``offered``
    are the precisions that it lists.
    """

    requested: str
    execution_devices: tuple[str, ...]
    full_name: str
    precision_requested: str
    precision_used: str
    emulated: bool
    properties: dict[str, str]
    offered: tuple[str, ...] = ()

    def precision_notes(self) -> list[str]:
        """What is to be told when the device does not do what was asked for; empty when it does."""
        notes = []
        if not self.precision_used.startswith(self.precision_requested):
            others = [name for name in self.offered if name != self.precision_requested]
            offers = f" (it has {', '.join(others)})" if others else ""
            notes.append(
                f"precision {self.precision_requested} was asked for, {self.requested} computes in "
                f"{self.precision_used}{offers}"
            )
        if self.emulated:
            notes.append(f"{self.requested} has no {self.precision_used} of its own and imitates it, slower than f32")
        return notes


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """One device that the runtime offers."""

    name: str
    full_name: str
    capabilities: tuple[str, ...]
    properties: dict[str, str]


def compile_model(core: ov.Core, model: ov.Model, settings: DeviceSettings) -> ov.CompiledModel:
    """``model`` compiled for the device of ``settings``.

    Raises UsageError (no such GNA mode, target or input), DeviceError (no such device, no plugin, the device cannot run
    the model), UnknownNameError (a property that the plugin does not know, with near names), FileAccessError (a cache
    folder that cannot be made).
    """
    names = [_input_name(port) for port in model.inputs]
    properties = compile_properties(settings, names)
    _check_devices(core, settings)
    _check_config(core, settings)
    _make_cache_folder(settings.cache_dir)
    device = runtime_device(settings.device)
    try:
        return core.compile_model(model, device, properties)
    except RUNTIME_ERRORS as error:
        # 2023.3 stumbles over some bodies of loops, but for its optional fusions (snippets).
        if _LOST_ORDER not in str(error):
            raise _device_error(core, settings, error) from error
    try:
        return core.compile_model(model, device, {**properties, "SNIPPETS_MODE": "DISABLE"})
    except RUNTIME_ERRORS as error:
        raise _device_error(core, settings, error) from error


def export_blob(
    compiled: ov.CompiledModel, path: Path, settings: DeviceSettings, conversion: Mapping[str, object] | None = None
) -> None:
    """Write the compiled model to ``path`` and, beside it, ``<path>.json`` with its digest, device and runtime.

    ``conversion`` holds the facts of a converted model, which a blob itself cannot keep; they go into that file.
    Raises DeviceError when the device cannot export, FileAccessError when the file cannot be written.
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
    """Write ``blob`` and its note as ``export_blob`` does. Raises FileAccessError."""
    note: dict[str, object] = {
        "format": "ov-asr-score-blob",
        "format_version": 1,
        "sha256": hashlib.sha256(blob).hexdigest(),
        "device": settings.device,
        "openvino": version(),
    }
    if settings.gna_mode is None:  # a blob for GNA tells its bits itself
        note["precision"] = settings.precision
    if conversion is not None:
        note["conversion"] = dict(conversion)
    with atomic_output(path) as file, atomic_output(_note_path(path)) as note_file:
        file.write(blob)
        note_file.write((json.dumps(note, indent=2) + "\n").encode())
        file.finish()  # both are on the disk before either gets its name: a note beside another blob would damn it
        note_file.finish()


def read_blob_note(path: Path) -> dict[str, Any]:
    """What ``export_blob`` wrote beside a blob; empty when there is nothing or it is not whole."""
    try:
        note = json.loads(_note_path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(note, dict) or note.get("format") != "ov-asr-score-blob":
        return {}
    return note if all(isinstance(note.get(name), str) for name in ("sha256", "device", "openvino")) else {}


def check_blob_note(path: Path, blob: bytes) -> dict[str, Any]:
    """The note beside a blob. Raises BlobFormatError when the blob is not the one that it was written for."""
    note = read_blob_note(path)
    if note and note["sha256"] != hashlib.sha256(blob).hexdigest():
        raise BlobFormatError(
            f"{path}: its content does not match the digest in {_note_path(path).name}; it is damaged, export it again"
        )
    return note


def import_blob(core: ov.Core, path: Path, settings: DeviceSettings) -> ov.CompiledModel:
    """The compiled model in the blob at ``path``.

    Raises BlobFormatError when it is damaged or was made for another device or runtime, FileAccessError.
    """
    with open_path(str(path)) as file:
        blob = file.read()
    note = check_blob_note(path, blob)
    if blob.lstrip()[:5] in (b"<?xml", b"<net "):
        raise BlobFormatError(f"{path}: is an OpenVINO IR, not an exported blob; give it to -m/--model")
    if blob.startswith(b"\0B<"):
        raise BlobFormatError(f"{path}: is a Kaldi model, not an exported blob; give it to -m/--model")
    if blob.startswith(b"GNAM") and not has_plugin(core, "GNA"):
        raise BlobFormatError(f"{path}: is a blob for GNA; give -d GNA_SW_EXACT, which runs it in software")
    # a device that is not there is a better message than whatever the import would say
    device = runtime_device(settings.device)
    _check_devices(core, settings)
    properties = import_properties(settings)
    try:
        return core.import_model(blob, device, properties)
    except RUNTIME_ERRORS as error:
        made = f"; it was made for {note['device']} by OpenVINO {note['openvino']}" if note else ""
        raise BlobFormatError(
            f"{path}: {device} of OpenVINO {version()} cannot import this blob: {first_cause(error)}{made}"
        ) from error


def describe_device(core: ov.Core, compiled: ov.CompiledModel, settings: DeviceSettings) -> DeviceReport:
    """Where and in which precision ``compiled`` really runs, as far as its plugins tell."""
    devices = tuple(str(name) for name in _property(compiled, "EXECUTION_DEVICES") or base_devices(settings.device))
    first = devices[0].split("(")[0] if devices else settings.device
    precision = _precision_name(_property(compiled, "INFERENCE_PRECISION_HINT"))
    abilities = _core_property(core, first, "OPTIMIZATION_CAPABILITIES").split(", ")
    emulated = precision in ("bf16", "f16") and _ABILITIES[precision] not in abilities
    if not precision:  # AUTO, MULTI and HETERO do not tell; the plugins under them were asked for the same
        precision = f"{settings.precision} (as asked of {', '.join(devices)})"
    shown = ("NUM_STREAMS", "INFERENCE_NUM_THREADS", "PERFORMANCE_HINT", "OPTIMAL_NUMBER_OF_INFER_REQUESTS")
    properties = {name: _property(compiled, name) for name in shown}
    return DeviceReport(
        requested=settings.device,
        execution_devices=devices,
        full_name=_core_property(core, first, "FULL_DEVICE_NAME"),
        precision_requested=settings.precision,
        precision_used=precision,
        emulated=emulated,
        properties={name: str(value) for name, value in properties.items() if value is not None},
        offered=tuple(name for name, ability in _ABILITIES.items() if ability in abilities),
    )


def list_devices(core: ov.Core) -> list[DeviceInfo]:
    """Every device that the runtime finds, with its capabilities and readable properties."""
    devices = []
    for name in core.available_devices:
        try:
            supported = [str(item) for item in core.get_property(name, "SUPPORTED_PROPERTIES")]
        except RUNTIME_ERRORS:
            supported = []
        values = {item: _core_property(core, name, item) for item in sorted(supported)}
        capabilities = values.get("OPTIMIZATION_CAPABILITIES", "").split(", ")
        devices.append(
            DeviceInfo(name, values.get("FULL_DEVICE_NAME", name), tuple(filter(None, capabilities)), values)
        )
    return devices


def missing_plugins(core: ov.Core) -> list[tuple[str, str]]:
    """Device kinds that users ask for and this runtime does not offer, each with the reason."""
    offered = {name.split(".")[0] for name in core.available_devices}
    reasons = {"GPU": "no device found", "NPU": "no device found", "GNA": GNA_ADVICE}
    return [
        (name, _plugin_fault(core, name) or reason if name != "GNA" else reason)
        for name, reason in reasons.items()
        if name not in offered and not (name == "GNA" and has_plugin(core, name))
    ]


def _make_cache_folder(cache_dir: str) -> None:
    """Nothing; raises FileAccessError in better words than the runtime has where it cannot be."""
    if not cache_dir:
        return
    try:
        Path(cache_dir).mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise FileAccessError(f"--cache-dir {cache_dir}: expected a folder, found a file") from error
    except OSError as error:
        raise FileAccessError(f"--cache-dir {cache_dir}: cannot be made: {error.strerror}") from error


def _input_name(port: Any) -> str:
    return str(port.get_any_name() if port.get_names() else port.get_node().get_friendly_name())


def _note_path(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def _property(compiled: ov.CompiledModel, name: str) -> Any:
    try:
        return compiled.get_property(name)
    except RUNTIME_ERRORS:
        return None


def _core_property(core: ov.Core, device: str, name: str) -> str:
    try:
        value = core.get_property(device, name)
    except RUNTIME_ERRORS:
        return ""
    return ", ".join(str(item) for item in value) if isinstance(value, list | tuple | set) else str(value)


def _precision_name(value: Any) -> str:
    if value is None:
        return ""
    return str(value.get_type_name()) if hasattr(value, "get_type_name") else str(value)


def _plugin_fault(core: ov.Core, name: str) -> str | None:
    """Why the plugin ``name`` cannot be used; None when it loads."""
    try:
        return None if core.get_versions(name) else "not registered in this runtime"
    except RUNTIME_ERRORS as error:
        return first_cause(error)


def has_plugin(core: ov.Core, name: str) -> bool:
    """Whether the runtime can load the plugin ``name``."""
    return _plugin_fault(core, name) is None


def _check_config(core: ov.Core, settings: DeviceSettings) -> None:
    if not settings.config:
        return
    known: set[str] = {"DEVICE_PROPERTIES", "MULTI_DEVICE_PRIORITIES"}
    for device in {settings.device.partition(":")[0], *base_devices(settings.device)}:
        try:
            known.update(str(name) for name in core.get_property(device, "SUPPORTED_PROPERTIES"))
        except RUNTIME_ERRORS:
            return  # a plugin that does not list its properties says itself what it refuses
    if settings.gna_mode is not None:
        known |= GNA_PROPERTIES
    for name in settings.config:
        if name not in known:
            hint = did_you_mean(near_names(name.upper(), known))
            raise UnknownNameError(f"--config {name}: {settings.device} has no such property{hint}")


def _check_devices(core: ov.Core, settings: DeviceSettings) -> None:
    """A plugin that only dispatches would leave out in silence what is not there."""
    if not all(has_plugin(core, name) for name in base_devices(settings.device)):
        raise _device_error(core, settings, None)


def _device_error(core: ov.Core, settings: DeviceSettings, error: Exception | None) -> DeviceError:
    prefix = settings.device.partition(":")[0]
    available = ", ".join(core.available_devices) or "none"
    if not settings.device:
        return DeviceError(f"-d/--device: expected a device such as CPU, found nothing (available: {available})")
    if settings.gna_mode and not has_plugin(core, "GNA"):
        return DeviceError(f"{settings.device}: this OpenVINO {version()} has no GNA plugin. {GNA_ADVICE}")
    for name in [*base_devices(settings.device), prefix]:
        if name not in ("AUTO", "MULTI", "HETERO", "BATCH") and not has_plugin(core, name):
            known = [*core.available_devices, "AUTO", "MULTI", "HETERO"]
            near = near_names(name.upper(), known, most=1)
            hint = did_you_mean([candidate for candidate in near if candidate != name])
            fault = _plugin_fault(core, name)
            return DeviceError(f"{settings.device}: no device '{name}' here: {fault}{hint} (available: {available})")
    cause = first_cause(error) if error else "it is not there"
    given = "".join(f"; --config {name}={value} was given" for name, value in settings.config.items())
    return DeviceError(f"{settings.device}: OpenVINO cannot use it: {cause}{given} (available: {available})")
