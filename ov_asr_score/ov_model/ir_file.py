"""A path to an OpenVINO model: IR or ONNX."""

from __future__ import annotations

from pathlib import Path

from ov_asr_score.errors import ModelFormatError, UnsupportedModelError
from ov_asr_score.openvino_api import RUNTIME_ERRORS, first_cause, ov
from ov_asr_score.ov_model.file_kind import ModelKind, check_ir_files, read_model_kind


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
        raise UnsupportedModelError(
            f"{path}: is neither a Kaldi model nor an OpenVINO IR (.xml) nor an ONNX file (.onnx); an exported blob "
            "goes to import_model",
            fields=("import_model",),
        )
    if kind == "ir":
        check_ir_files(path)
    try:
        model = (core or ov.Core()).read_model(str(path))
    except RUNTIME_ERRORS as error:
        raise ModelFormatError(f"{path}: OpenVINO cannot read this model: {first_cause(error)}") from error
    for kind_of_port, ports in (("inputs", model.inputs), ("outputs", model.outputs)):
        if not ports:
            raise ModelFormatError(f"{path}: expected a model with inputs and outputs, found no {kind_of_port}")
    return model
