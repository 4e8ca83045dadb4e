"""What a file is, in a sentence, once it turned out not to be what was expected.

Nothing is refused here: whoever reads a model, a table or another file asks after it failed, or before it would ask
other libraries to read what they cannot read.
"""

from __future__ import annotations

import zlib
from pathlib import Path

from ov_asr_score.kaldi_io.foreign.foreign_kind import ForeignKind
from ov_asr_score.kaldi_io.foreign.kaldi_objects import archive_kind, object_kind
from ov_asr_score.kaldi_io.foreign.signatures import is_onnx_start, model_kind, signature_kind
from ov_asr_score.kaldi_io.foreign.text_files import other_text_kind, text_kind

START_BYTES = 4096
_GZIP_MAGIC = b"\x1f\x8b"


def describe_file(path: str | Path, expected: str) -> str:
    """``is a Git LFS pointer, …``: what the file at ``path`` is instead of what is ``expected``; empty if unknown.

    ``expected`` is MODEL, TABLE or other words for what was to be read. Reads the beginning, of a gzip file that of
    its content. Never raises: a file that cannot be read is not described.
    """
    try:
        with Path(path).open("rb") as file:
            start = file.read(START_BYTES)
            whole = not file.read(1)
    except (OSError, ValueError):
        return ""
    return describe_start(start, str(path), expected, whole=whole)


def describe_start(start: bytes, name: str, expected: str, *, whole: bool = False) -> str:
    """As ``describe_file``, of the first bytes of a file or stream; ``whole`` says that there are no more.

    Of ``name`` only the suffix counts. START_BYTES are enough, 512 mostly.
    """
    kind = foreign_kind(start, name, whole=whole)
    return "" if kind is None else kind.sentence(expected)


def foreign_kind(start: bytes, name: str, *, whole: bool = False) -> ForeignKind | None:
    """The kind that the first bytes tell, of a gzip file those inside; None if it is unknown."""
    if start.startswith(_GZIP_MAGIC):
        inside = decompressed_start(start)
        if inside.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"<?xml", b"<net ")) or is_onnx_start(inside):
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
