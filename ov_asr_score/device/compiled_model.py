"""Models compiled for a device."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ov_asr_score.device.plugins import check_config, check_devices, device_error
from ov_asr_score.device.properties import compile_properties
from ov_asr_score.errors import FileAccessError
from ov_asr_score.openvino_api import RUNTIME_ERRORS, ov
from ov_asr_score.settings.device import DeviceSettings, may_run_on_cpu, runtime_device

_WITHOUT_FUSIONS = {"SNIPPETS_MODE": "DISABLE"}
_LOST_ORDER = "Topological order is required, but not set"


def compile_model(
    core: ov.Core, model: ov.Model, settings: DeviceSettings, *, without_fusions: bool = False
) -> ov.CompiledModel:
    """``model`` compiled for the device of ``settings``; ``without_fusions``: without snippets of the CPU plugin.

    Raises UsageError (no such GNA mode, target or input), DeviceError (no such device, no plugin, the device cannot run
    the model), UnknownNameError (a property that the plugin does not know, with near names), FileAccessError (a cache
    folder that cannot be made).
    """
    names = [_input_name(port) for port in model.inputs]
    properties = compile_properties(settings, names)
    check_devices(core, settings)
    check_config(core, settings)
    _make_cache_folder(settings.cache_dir)
    device = runtime_device(settings.device)
    if not (without_fusions and may_run_on_cpu(device)):
        try:
            return core.compile_model(model, device, properties)
        except RUNTIME_ERRORS as error:
            # 2023.3 stumbles over some bodies of loops, but for its optional fusions (snippets).
            if _LOST_ORDER not in str(error):
                raise device_error(core, settings, error, free_shapes=model.is_dynamic()) from error
    try:
        return _compile_without_fusions(core, model, device, properties)
    except RUNTIME_ERRORS as error:
        raise device_error(core, settings, error, free_shapes=model.is_dynamic()) from error


def _compile_without_fusions(
    core: ov.Core, model: ov.Model, device: str, properties: Mapping[str, object]
) -> ov.CompiledModel:
    if device == "CPU":
        return core.compile_model(model, device, {**properties, **_WITHOUT_FUSIONS})
    # AUTO, HETERO and the like refuse the property or do not hand it on, and would find the fused model in a cache.
    uncached = {name: value for name, value in properties.items() if name != "CACHE_DIR"}
    return _core_without_fusions().compile_model(model, device, uncached)


@cache
def _core_without_fusions() -> ov.Core:
    core = ov.Core()
    core.set_property("CPU", _WITHOUT_FUSIONS)
    return core


def _make_cache_folder(cache_dir: str) -> None:
    """Make the folder, or raise FileAccessError in better words than the runtime has."""
    if not cache_dir:
        return
    try:
        Path(cache_dir).mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise FileAccessError(
            f"cache_dir {cache_dir}: expected a folder, found a file", fields=("cache_dir",)
        ) from error
    except OSError as error:
        raise FileAccessError(
            f"cache_dir {cache_dir}: cannot be made: {error.strerror}", fields=("cache_dir",)
        ) from error


def _input_name(port: Any) -> str:
    return str(port.get_any_name() if port.get_names() else port.get_node().get_friendly_name())
