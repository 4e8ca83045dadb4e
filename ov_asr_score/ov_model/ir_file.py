"""A path to an OpenVINO model: IR or ONNX."""

from __future__ import annotations

from pathlib import Path

from ov_asr_score.errors import ModelFormatError, UnsupportedModelError
from ov_asr_score.kaldi_io.files.input import kept_input
from ov_asr_score.openvino_api import READING_ERRORS, first_cause, front_end, ov, version
from ov_asr_score.ov_model.file_kind import ModelKind, read_model_kind, unknown_file_error
from ov_asr_score.ov_model.whole_files import check_ir_files, onnx_damage

_MODEL_OF = {"ir": "an OpenVINO IR", "onnx": "an ONNX model"}


def read_openvino_model(path: str | Path, core: ov.Core | None = None, kind: ModelKind | None = None) -> ov.Model:
    """The model in an OpenVINO IR (.xml with its .bin beside it) or an ONNX file.

    ``kind`` is that of the file, if it is known. Raises FileAccessError (no such file), ModelFormatError (damaged),
    UnsupportedModelError (another kind of file, with what can be done about it).
    """
    path = Path(path)
    kind = kind or read_model_kind(path)
    if kind in ("gna-blob", "cpu-blob"):
        raise UnsupportedModelError(
            f"{path}: is an exported blob, not a model; use import_model for it", fields=("import_model",)
        )
    if kind == "kaldi":
        raise UnsupportedModelError(f"{path}: is a Kaldi model; `ov-asr-score convert` makes an OpenVINO IR of it")
    if kind == "table":
        raise UnsupportedModelError(
            f"{path}: is a Kaldi archive, not a model; are model and inputs exchanged?",
            fields=("model", "inputs"),
        )
    if kind == "unknown":
        raise unknown_file_error(path)
    if kept_input(path) is not None:
        raise UnsupportedModelError(f"{path}: is {_MODEL_OF[kind]}, which is read from a file only; write it to one")
    try:
        model = _read_onnx(path) if kind == "onnx" else _read_ir(path, core or ov.Core())
    except READING_ERRORS as error:
        damage = onnx_damage(path) if kind == "onnx" else ""
        cause = damage or first_cause(error)
        raise ModelFormatError(f"{path}: OpenVINO cannot read this model: {cause}") from error
    for kind_of_port, ports in (("inputs", model.inputs), ("outputs", model.outputs)):
        if not ports:
            raise ModelFormatError(f"{path}: expected a model with inputs and outputs, found no {kind_of_port}")
    return model


def _read_onnx(path: Path) -> ov.Model:
    """As ``Core.read_model`` does, which would ask all other front ends about a file that the one for ONNX refuses."""
    reader = front_end("onnx")
    model = reader.convert(reader.load(str(path)))
    try:
        for node in model.get_ops():
            node.get_friendly_name()
            for port in node.outputs():
                port.get_names()
    except UnicodeDecodeError as error:  # else any later look at a name would end in it
        found = ascii(error.object[:40])[1:]
        raise ModelFormatError(
            f"{path}: expected names of layers in UTF-8, found {found}; the file is damaged"
        ) from error
    return model


def _read_ir(path: Path, core: ov.Core) -> ov.Model:
    check_ir_files(path)
    if not front_end("ir").supported(str(path)):
        raise ModelFormatError(f"{path}: is an IR of a version that OpenVINO {version()} does not read; newer ones may")
    return core.read_model(str(path))
