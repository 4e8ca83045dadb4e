"""Everything known about a model file, in sections."""

from __future__ import annotations

from pathlib import Path

from ov_asr_score.convert.rt_info import read_facts
from ov_asr_score.device.blobs import import_blob, read_sidecar
from ov_asr_score.errors import BlobFormatError, OvAsrScoreError, UnsupportedModelError
from ov_asr_score.gna.format.blob import read_blob
from ov_asr_score.gna.format.blob_description import describe_blob
from ov_asr_score.gna.format.model_checks import check_model
from ov_asr_score.job.inspection.inspect_decoding import graph_sections, is_automaton
from ov_asr_score.job.inspection.inspect_directory import directory_sections
from ov_asr_score.job.inspection.inspect_kaldi import kaldi_sections
from ov_asr_score.job.inspection.sections import Section, origin_section
from ov_asr_score.kaldi_io.files.input import describe_input, keep_inputs, kept_input, open_path
from ov_asr_score.kaldi_io.foreign import MODEL
from ov_asr_score.openvino_api import ov
from ov_asr_score.ov_model.file_kind import ModelKind, kind_name, read_model_kind, unknown_file_error
from ov_asr_score.ov_model.filled_inputs.filling_plan import GivenInputs, plan_fillings
from ov_asr_score.ov_model.ir_file import read_openvino_model
from ov_asr_score.ov_model.model_description import ModelDescription, describe_model, describe_ports
from ov_asr_score.ov_model.model_file import check_weights
from ov_asr_score.ov_model.reach.memory_span import memory_span
from ov_asr_score.ports import PortInfo, shape_text
from ov_asr_score.settings.device import DeviceSettings


def inspect_model(
    path: str,
    device: str = "CPU",
    *,
    all_layers: bool = False,
    allow_nonfinite: bool = False,
    allow_commands: bool = False,
) -> list[Section]:
    """Titles with facts by name: of an IR or ONNX file from its graph, of a blob from ``device`` and its sidecar.

    A blob for GNA needs no device; what keeps it from being run is a fact of the model. Of a Kaldi model they say
    what Kaldi's info programs say, and whether it can be converted. ``all_layers`` adds every layer, or every node
    and component. With ``allow_commands`` ``path`` may be a command that writes a Kaldi model. ``allow_nonfinite``
    shows a model with weights that are NaN or infinite, too, and says so. A transition model without a network, and
    a decoding graph, are shown for what they are, and so are the files of a model directory. Raises
    FileAccessError, ModelFormatError (such weights, or damaged), TableFormatError (a graph that is damaged),
    UnsupportedModelError, BlobFormatError (a blob for GNA that is damaged), DeviceError (another blob, and no such
    device).
    """
    if Path(path).is_dir():
        return directory_sections(path)
    with keep_inputs((path,), allow_commands=allow_commands):
        return _sections(path, device, all_layers=all_layers, allow_nonfinite=allow_nonfinite)


def _sections(path: str, device: str, *, all_layers: bool, allow_nonfinite: bool) -> list[Section]:
    kind = read_model_kind(Path(path))
    if kind == "kaldi":
        return kaldi_sections(path, all_parts=all_layers, allow_nonfinite=allow_nonfinite)
    if kind in ("ir", "onnx", "table"):
        return _graph_sections(path, kind, all_layers, allow_nonfinite)
    if kind == "unknown" and is_automaton(path):
        return graph_sections(path)
    if kept_input(path) is not None:
        raise unknown_file_error(Path(path))
    if kind == "gna-blob":
        return _gna_sections(Path(path))
    return _blob_sections(Path(path), kind, device)


def _graph_sections(path: str, kind: ModelKind, all_layers: bool, allow_nonfinite: bool) -> list[Section]:
    model = read_openvino_model(path, kind=kind)
    conversion = read_facts(model, path)
    notes = check_weights(model, Path(path), conversion, allow_nonfinite=allow_nonfinite)
    description = describe_model(model)
    filled = {} if conversion is not None else _without_tables(description)
    weights = {name: f"{count:,} bytes" for name, count in description.weight_bytes.items()}
    sections: list[Section] = [
        (
            "Model",
            {
                "path": path,
                "kind": kind_name(kind),
                "name": description.name,
                "parameters": description.parameter_count,
                "constants": ", ".join(f"{name} {size}" for name, size in weights.items()) or "none",
                "note": "; ".join(notes),
            },
        ),
        ("Inputs", {port.name: _port_text(port) + filled.get(port.name, "") for port in description.inputs}),
        ("Outputs", {port.name: _port_text(port) for port in description.outputs}),
    ]
    if conversion is not None:
        sections.insert(1, origin_section(conversion))
    if description.variables:
        variables: dict[str, object] = {
            variable.name: f"{shape_text(variable.shape)} {variable.element_type}" for variable in description.variables
        }
        if conversion is None:
            span = memory_span(model)
            variables["memory"] = f"the last {span} frames" if span is not None else "recurrent: all earlier frames"
        sections.append(("Variables", variables))
    sections.append(("Layers", dict(description.layer_counts)))
    if all_layers:
        sections.append(("All layers", {name: f"{type_name} {shape}" for name, type_name, shape in description.layers}))
    return sections


def _gna_sections(path: Path) -> list[Section]:
    with open_path(str(path)) as file:
        content = file.read()
    model = read_blob(content, str(path))
    facts = _file_facts(path, kind_name("gna-blob"))
    try:
        facts |= {"note": "; ".join(check_model(model, str(path)))}
    except BlobFormatError as error:
        facts["cannot be run"] = str(error).removeprefix(f"{path}: ")
    (title, of_blob), *sections = describe_blob(model)
    return [(title, facts | of_blob), *sections]


def _file_facts(path: Path, kind: str) -> dict[str, object]:
    sidecar = read_sidecar(path)
    facts: dict[str, object] = {"path": str(path), "kind": kind, "size": f"{path.stat().st_size:,} bytes"}
    return facts | {name: sidecar[name] for name in ("device", "precision", "openvino") if name in sidecar}


def _blob_sections(path: Path, kind: ModelKind, device: str) -> list[Section]:
    is_blob = kind != "unknown" or bool(read_sidecar(path))
    facts = _file_facts(path, kind_name(kind) if is_blob else "unknown; taken for an exported blob")
    try:
        compiled = import_blob(ov.Core(), path, DeviceSettings(device=device))
    except OvAsrScoreError as error:
        if is_blob:
            return [("Model", facts | {"cannot be imported here": str(error)})]
        if describe_input(path, MODEL):
            raise unknown_file_error(path) from error
        if isinstance(error, BlobFormatError):
            reason = str(error).removeprefix(f"{path}: ")
            raise UnsupportedModelError(
                f"{path}: not a Kaldi model, OpenVINO IR or ONNX file; read as a blob: {reason}"
            ) from error
        raise
    inputs, outputs = describe_ports(compiled)
    states = [state.name for state in compiled.create_infer_request().query_state()]
    sections: list[Section] = [
        ("Model", facts),
        ("Inputs", {port.name: _port_text(port) for port in inputs}),
        ("Outputs", {port.name: _port_text(port) for port in outputs}),
    ]
    if states:
        sections.append(("Variables", {"names": ", ".join(states)}))
    return sections


def _without_tables(description: ModelDescription) -> dict[str, str]:
    """What is said of the inputs that need no table, if features are all that is given."""
    plan = plan_fillings(description.inputs, description.outputs, GivenInputs())
    states = {pair.input: f"; a state, whose next is '{pair.output}'" for pair in plan.states}
    return states | {filling.input: f"; filled in with {filling.text}" for filling in plan.fillings}


def _port_text(port: PortInfo) -> str:
    others = [name for name in (*port.names, port.layer) if name != port.name]
    also = f"  also called {', '.join(dict.fromkeys(others))}" if others else ""
    layout = f" layout {port.layout}" if port.layout else ""
    return f"{shape_text(port.shape)} {port.element_type}{layout}{also}"
