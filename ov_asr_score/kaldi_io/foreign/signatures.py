"""Kinds of files that tell by their first bytes what they are, as `file` knows them.

Tests: tests/kaldi_io/foreign/test_recognition.py
"""

from __future__ import annotations

import re

from ov_asr_score.kaldi_io.foreign import BLOB, MODEL, ONNX_START, TABLE
from ov_asr_score.kaldi_io.foreign.foreign_kind import ForeignKind
from ov_asr_score.text import clipped

_UNPACK = "unpack it and give the file inside"
_FEATURES_EXPECTED = "this is a sound file, features are expected; compute them first (ov-asr-score features)"

_SOUND = (
    rb"(RIFF|RIFX|RF64).{4}WAVE",
    rb"fLaC",
    rb"OggS",
    rb"ID3[\2-\4]",
    rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb][^\xff]",
    rb"FORM.{4}AIF[FC]",
    rb"\.snd\0",
    rb"NIST_1A\n",
    rb"#!AMR",
    rb"caff\0\1",
    rb".{4}ftyp",
    rb"\x1aE\xdf\xa3",
)
_SOUND_START = re.compile(rb"|".join(_SOUND), re.DOTALL)

_OTHERS: tuple[tuple[bytes, ForeignKind], ...] = (
    (rb"BZh[1-9]1AY&SY", ForeignKind("a bzip2 file", f"{_UNPACK} (bunzip2)", unexpected=False)),
    (rb"\xfd7zXZ\0", ForeignKind("an xz file", f"{_UNPACK} (unxz)", unexpected=False)),
    (rb"\x28\xb5\x2f\xfd", ForeignKind("a zstd file", f"{_UNPACK} (unzstd)", unexpected=False)),
    (rb"\x04\x22\x4d\x18", ForeignKind("an lz4 file", f"{_UNPACK} (unlz4)", unexpected=False)),
    (rb"7z\xbc\xaf\x27\x1c", ForeignKind("a 7z archive", _UNPACK, unexpected=False)),
    (rb"Rar!\x1a\x07", ForeignKind("a RAR archive", _UNPACK, unexpected=False)),
    (rb"%PDF-", ForeignKind("a PDF document")),
    (rb"\x89PNG\r\n", ForeignKind("an image (PNG)")),
    (rb"\xff\xd8\xff", ForeignKind("an image (JPEG)")),
    (rb"GIF8[79]a", ForeignKind("an image (GIF)")),
    (rb"\x7fELF", ForeignKind("a program or library (ELF)")),
    (rb"SQLite format 3\0", ForeignKind("an SQLite database")),
    (rb"\x89HDF\r\n\x1a\n", ForeignKind("an HDF5 file, as Keras writes it", "export it to ONNX")),
    (rb"MATLAB 5\.0 MAT-file", ForeignKind("a MATLAB file", "save its arrays with NumPy as .npz")),
    (rb"\x80[\2-\5]", ForeignKind("a Python pickle (PyTorch or another), which is never loaded", "export it to ONNX")),
    (rb".{4}TFL3", ForeignKind("a TensorFlow Lite model", "OpenVINO's program ovc makes an IR of it")),
)
_OTHER_STARTS = tuple((re.compile(pattern, re.DOTALL), kind) for pattern, kind in _OTHERS)

# The size of a header in JSON, and the header.
_SAFETENSORS = re.compile(rb'.{3}\0{5}\{"', re.DOTALL)
_XML_ROOT = re.compile(rb"(<\?[^>]*>\s*|<!--.*?-->\s*|<!DOCTYPE[^>]*>\s*)*<([A-Za-z_][\w.:-]{0,60})", re.DOTALL)
_EXCHANGED = {TABLE: "are model and inputs exchanged?"}


def signature_kind(start: bytes) -> ForeignKind | None:
    """The kind that ``start`` tells, None if none; sounds, packed files, documents, models of other toolkits."""
    if _SOUND_START.match(start):
        return ForeignKind("a sound file", said={TABLE: _FEATURES_EXPECTED})
    if start.startswith(b"\x93NUMPY"):
        return ForeignKind("a NumPy array (.npy)", instead_of={TABLE: "use npy:<file>"})
    if start.startswith((b"PK\3\4", b"PK\5\6")):
        return _zip_kind(start)
    if start[257:262] == b"ustar":
        return ForeignKind(f"a tar archive (with {_name_in(start[:100])})", _UNPACK, unexpected=False)
    for pattern, kind in _OTHER_STARTS:
        if pattern.match(start):
            return kind
    if _SAFETENSORS.match(start):
        return ForeignKind("a safetensors file: weights without a graph", "export the model to ONNX")
    return None


def model_kind(start: bytes) -> ForeignKind | None:
    """The kind of a model of OpenVINO or ONNX that begins with ``start``; None if it is none."""
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith((b"<?xml", b"<net ")):
        if (root := _XML_ROOT.match(text)) is not None and root[2] != b"net":
            return ForeignKind(f"an XML file with <{root[2].decode()}> as its outermost element")
        return ForeignKind("an OpenVINO IR", instead_of=_EXCHANGED, is_right_for=MODEL)
    if ONNX_START.match(start):
        return ForeignKind("an ONNX model", instead_of=_EXCHANGED, is_right_for=MODEL)
    if start.startswith((b"GNAM", b"RR_UPCVO")):
        return ForeignKind(BLOB, instead_of=_EXCHANGED, is_right_for=MODEL)
    return None


def _zip_kind(start: bytes) -> ForeignKind:
    """Of a zip file by the name of its first member, which is at byte 30, its length at byte 26."""
    name = start[30 : 30 + int.from_bytes(start[26:28], "little")]
    if name.endswith(b".npy"):
        return ForeignKind("an NPZ file: arrays of NumPy", said={TABLE: "this is an NPZ file, use npz:<file>"})
    if name.endswith((b"/data.pkl", b"/version", b"/byteorder", b"constants.pkl")):
        return ForeignKind("a PyTorch file", "export the model to ONNX (torch.onnx.export)")
    inside = f" (with {_name_in(name)})" if name else ""
    return ForeignKind(f"a zip archive{inside}", _UNPACK, unexpected=False)


def _name_in(raw: bytes) -> str:
    name = raw.split(b"\0", 1)[0]
    return clipped(b"\xe2\x80\xa6" + name[-18:] if len(name) > 20 else name)
