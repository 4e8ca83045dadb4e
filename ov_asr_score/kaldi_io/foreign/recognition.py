"""The kind of a file, from its first bytes, once it turned out not to be what was expected."""

from __future__ import annotations

import zlib

from ov_asr_score.kaldi_io.foreign import ONNX_START, START_BYTES
from ov_asr_score.kaldi_io.foreign.foreign_kind import ForeignKind
from ov_asr_score.kaldi_io.foreign.kaldi_objects import archive_kind, object_kind
from ov_asr_score.kaldi_io.foreign.signatures import model_kind, signature_kind
from ov_asr_score.kaldi_io.foreign.text_files import other_text_kind, text_kind

_GZIP_MAGIC = b"\x1f\x8b"


def foreign_kind(start: bytes, name: str, *, whole: bool = False) -> ForeignKind | None:
    """The kind that the first bytes tell, of a gzip file those inside; None if it is unknown."""
    if start.startswith(_GZIP_MAGIC):
        inside = decompressed_start(start)
        if inside.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"<?xml", b"<net ")) or ONNX_START.match(inside):
            return ForeignKind("a gzip file with a model inside", "unpack it (gunzip)", unexpected=False)
        return foreign_kind(inside, name.removesuffix(".gz"), whole=False) if inside else None
    if not start:
        return ForeignKind("empty") if whole else None
    return (
        signature_kind(start)
        or text_kind(start, name, whole=whole)
        or model_kind(start)
        or object_kind(start)
        or archive_kind(start)
        or other_text_kind(start)
    )


def decompressed_start(start: bytes) -> bytes:
    """What the beginning of a gzip file holds, up to START_BYTES; empty if it is damaged."""
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        return unpacking.decompress(start, START_BYTES)
    except zlib.error:
        return b""
