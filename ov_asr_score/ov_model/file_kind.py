"""The kind of a model file, from its first bytes (of a gzip file, those inside); needs no runtime."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_io.files.input import GZIP_MAGIC, describe_input, kept_input, open_path
from ov_asr_score.kaldi_io.foreign import MODEL, ONNX_START, START_BYTES, TABLE
from ov_asr_score.kaldi_model.components.type_table import NNET1_MARKERS

ModelKind = Literal["ir", "onnx", "kaldi", "gna-blob", "cpu-blob", "table", "unknown"]

_KIND_NAMES: dict[ModelKind, str] = {
    "ir": "OpenVINO IR",
    "onnx": "ONNX",
    "kaldi": "Kaldi model",
    "gna-blob": "exported blob for GNA",
    "cpu-blob": "exported blob for CPU",
}

GNA_BLOB_MAGIC = b"GNAM"
CPU_BLOB_MAGIC = b"RR_UPCVO"
# of 2023.3: six offsets and sizes, the first of which ends behind them, then names of outputs and the IR
_CPU_BLOB_2023 = re.compile(rb"\x30\0{7}.{40}<\?xml [^>]*>\s*<cnndata>", re.DOTALL)
_KALDI_TOKENS = (b"<Nnet", b"<Nnet3>", b"<TransitionModel>", b"<Components>", b"<AffineTransform>", b"<Splice>")
_FIRST_TOKEN = re.compile(rb"\s*<([A-Za-z]{1,60})>\s")
_ARCHIVE_START = re.compile(rb"[!-~\x80-\xff]{1,200} \0B")


def read_model_kind(path: Path) -> ModelKind:
    """Kind of model in ``path``, by its content first and its name where the content says nothing (ONNX).

    Raises FileAccessError when the file is missing, a folder or cannot be read.
    """
    with open_path(str(path)) as file:
        start = file.read(START_BYTES)
        whole = not file.read(1)
    if start.startswith(GNA_BLOB_MAGIC):
        return "gna-blob"
    if start.startswith(CPU_BLOB_MAGIC) or _CPU_BLOB_2023.match(start):
        return "cpu-blob"
    if ONNX_START.match(start):
        return "onnx"
    if _is_kaldi(start):
        return "kaldi"
    # Only other files need what tells them apart.
    from ov_asr_score.kaldi_io.foreign.recognition import decompressed_start, foreign_kind

    if start.startswith(GZIP_MAGIC) and _is_kaldi(decompressed_start(start)):
        return "kaldi"
    foreign = foreign_kind(start, str(path), whole=whole)
    if foreign is not None and foreign.is_right_for != MODEL:
        return "table" if foreign.is_right_for == TABLE and _ARCHIVE_START.match(start) else "unknown"
    if start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"<?xml", b"<net ")):
        return "ir"
    if path.suffix == ".onnx":
        return "onnx"
    return "ir" if path.suffix == ".xml" else "unknown"


def unknown_file_error(path: Path) -> UnsupportedModelError:
    """The error for a file that is no model of a known kind, which says what it is instead."""
    what = describe_input(path, MODEL)
    if what:
        return UnsupportedModelError(f"{path}: {what}")
    if kept_input(path) is not None:
        return UnsupportedModelError(f"{path}: expected a Kaldi model, which alone is read from a stream")
    graph = path.with_suffix(".xml")
    if path.suffix == ".bin" and graph.is_file():
        return UnsupportedModelError(f"{path}: is the file of weights of an OpenVINO IR; give {graph}")
    return UnsupportedModelError(
        f"{path}: is neither a Kaldi model nor an OpenVINO IR (.xml) nor an ONNX file (.onnx); an exported blob "
        "goes to import_model",
        fields=("import_model",),
    )


def kind_name(kind: ModelKind) -> str:
    """What kind of model file it is, in words; what is not known is taken for a blob."""
    return _KIND_NAMES.get(kind, "exported blob")


def _is_kaldi(start: bytes) -> bool:
    inside = start.removeprefix(b"\0B").lstrip()
    # Files of old versions of nnet1 begin with their first component.
    first = _FIRST_TOKEN.match(inside)
    return inside.startswith(_KALDI_TOKENS) or (first is not None and first[1].decode().lower() in NNET1_MARKERS)
