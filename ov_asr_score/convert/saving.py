"""Converted models as OpenVINO IR: both files are written, or none.

Reason of all refusals: the file system, and OpenVINO, which finds weights by the name of the .xml file.

Tests: tests/ov_model/test_conversion_cache.py, tests/job/test_convert.py
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ov_asr_score.errors import FileAccessError, UsageError
from ov_asr_score.kaldi_io.files.input import access_error
from ov_asr_score.openvino_api import RUNTIME_ERRORS, first_cause, ov


def check_ir_name(path: str | Path) -> None:
    """Raise UsageError for an IR whose name does not end in .xml."""
    if Path(path).suffix != ".xml":
        raise UsageError(
            f"output {path}: expected a name that ends in .xml; the weights go beside it as .bin", fields=("output",)
        )


def save_ir(model: ov.Model, path: str | Path, *, compress_to_fp16: bool = False, sync: bool = True) -> None:
    """Write ``path`` (.xml) and its .bin, under temporary names until they are complete.

    With ``sync`` they are on the disk by then. Raises UsageError (a name that does not end in .xml), FileAccessError.
    """
    check_ir_name(path)
    path = Path(path)
    if not path.parent.is_dir():
        raise FileAccessError(f"{path}: no such folder {path.parent}")
    try:
        with tempfile.TemporaryDirectory(prefix=f".{path.stem}.", dir=path.parent) as folder:
            written = Path(folder) / path.name
            ov.save_model(model, str(written), compress_to_fp16)
            # The XML is what a reader opens: it comes last.
            files = [written.with_suffix(suffix) for suffix in (".bin", ".xml")]
            for file in files if sync else ():
                with file.open("rb") as opened:
                    os.fsync(opened.fileno())
            for file in files:
                file.replace(path.with_suffix(file.suffix))
    except OSError as error:
        raise access_error(str(path), error) from error
    except RUNTIME_ERRORS as error:
        raise FileAccessError(f"{path}: cannot be written: {first_cause(error)}") from error
