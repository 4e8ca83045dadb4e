"""The kind of a model file, from its first bytes (of a gzip file, those inside); needs no runtime."""

from __future__ import annotations

import gzip
import re
import zlib
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

from ov_asr_score.errors import ModelFormatError
from ov_asr_score.kaldi_io.files.input import GZIP_MAGIC, open_path
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
        start = file.read(4096)
    if start.startswith(GNA_BLOB_MAGIC):
        return "gna-blob"
    if start.startswith(CPU_BLOB_MAGIC) or _CPU_BLOB_2023.match(start):
        return "cpu-blob"
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith((b"<?xml", b"<net ")):
        return "ir"
    if _is_kaldi(start) or (start.startswith(GZIP_MAGIC) and _is_kaldi(_decompressed(path))):
        return "kaldi"
    if _ARCHIVE_START.match(start):
        return "table"
    if path.suffix == ".onnx":
        return "onnx"
    return "ir" if path.suffix == ".xml" else "unknown"


def kind_name(kind: ModelKind) -> str:
    """What kind of model file it is, in words; what is not known is taken for a blob."""
    return _KIND_NAMES.get(kind, "exported blob")


def _is_kaldi(start: bytes) -> bool:
    inside = start.removeprefix(b"\0B").lstrip()
    # Files of old versions of nnet1 begin with their first component.
    first = _FIRST_TOKEN.match(inside)
    return inside.startswith(_KALDI_TOKENS) or (first is not None and first[1].decode().lower() in NNET1_MARKERS)


def _decompressed(path: Path) -> bytes:
    try:
        with gzip.open(path) as file:
            return file.read(4096)
    except (OSError, EOFError, zlib.error):
        return b""


def check_ir_files(path: Path) -> None:
    """Check that an IR is whole: well-formed XML, and a .bin beside it that is as long as the XML says.

    The runtime's own words for these faults name neither file. Raises ModelFormatError.
    """
    weights_end = 0
    opset_root = ""
    try:
        for event, element in ElementTree.iterparse(path, events=("start", "end")):
            if event == "start":
                opset_root = opset_root or element.tag
            elif element.tag == "data" and element.get("offset") and element.get("size"):
                weights_end = max(weights_end, int(element.attrib["offset"]) + int(element.attrib["size"]))
    except ElementTree.ParseError as error:
        line, column = error.position
        raise ModelFormatError(
            f"{path}: line {line}, column {column}: expected well-formed XML of an OpenVINO IR ({error}); "
            "the file is damaged or incomplete"
        ) from error
    except ValueError as error:
        raise ModelFormatError(f"{path}: expected whole numbers for offset and size of constants: {error}") from error
    if opset_root != "net":
        raise ModelFormatError(
            f"{path}: expected <net> as the outermost element of an OpenVINO IR, found <{opset_root}>"
        )
    weights = path.with_suffix(".bin")
    if weights_end and not weights.is_file():
        raise ModelFormatError(f"{path}: the weights file {weights.name} is missing beside it")
    if weights_end and weights.stat().st_size < weights_end:
        raise ModelFormatError(
            f"{weights}: expected at least {weights_end} bytes as {path.name} says, found {weights.stat().st_size}; "
            "the file is cut off or belongs to another model"
        )
