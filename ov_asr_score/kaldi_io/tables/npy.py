"""NPY files of NumPy: one array, read as a table of one utterance whose key is the name of the file.

The format is that of numpy.lib.format. Pickled objects are refused: loading them would run what is in the file.
"""

from __future__ import annotations

import tokenize
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from ov_asr_score.errors import SpecifierError, TableFormatError
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream, open_stream
from ov_asr_score.text import printable_name

NPY_MAGIC = npy_format.MAGIC_PREFIX
NPY_SUFFIX = ".npy"
_DAMAGE = (ValueError, TypeError, LookupError, ArithmeticError, SyntaxError, EOFError, tokenize.TokenError)


def key_of_npy(rxfilename: str) -> str:
    """The name of the file without folders and ``.npy``. Raises SpecifierError for standard input and commands."""
    if rxfilename in ("", "-") or rxfilename.endswith("|"):
        raise SpecifierError(
            f"npy:{printable_name(rxfilename)}: the key is the name of the file, which this has not; write it to a file"
        )
    return Path(rxfilename).name.removesuffix(".gz").removesuffix(NPY_SUFFIX)


def load_npy(rxfilename: str) -> NDArray[Any]:
    """The array in an NPY file, as ``read_npy`` gives it. Raises FileAccessError, TableFormatError."""
    with open_stream(rxfilename) as stream:
        if stream.peek(len(NPY_MAGIC)) != NPY_MAGIC:
            raise _no_npy(stream)
        array = read_npy(stream)
        if stream.peek(1):
            raise stream.error(
                "the end of the file after the array", "more", "NPY holds one array; save several as NPZ"
            )
        return array


def read_npy(stream: KaldiStream) -> NDArray[Any]:
    """Matrix [T, D] or vector [D] at the stream's position, float32 or (from float64 and wide integers) float64.

    Raises TableFormatError (damage, objects, other than one or two axes).
    """
    start = stream.offset
    try:
        version = npy_format.read_magic(stream)  # type: ignore[arg-type]
        read_header = npy_format.read_array_header_1_0 if version == (1, 0) else npy_format.read_array_header_2_0
        shape, by_column, dtype = read_header(stream)  # type: ignore[arg-type]
        values = _read_values(stream, start, shape, dtype)
        return np.array(values.reshape(shape, order="F" if by_column else "C"), float_type(dtype), order="C")
    except _DAMAGE as error:
        found = str(error).partition("\n")[0][:100] or type(error).__name__
        raise stream.error("an array in NPY format", f"damage: {found}", offset=start) from error


def _no_npy(stream: KaldiStream) -> TableFormatError:
    """What the file is instead, if that is known."""
    from ov_asr_score.kaldi_io.foreign import describe_start

    expected = "an array in NPY format"
    said = describe_start(stream.start, stream.name, expected)
    return TableFormatError(f"{stream.name}: {said}") if said else stream.error(expected, "something else")


def float_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """float32, or float64 for numbers that float32 does not hold."""
    return np.result_type(dtype.newbyteorder("="), np.float32)


def wrong_array(shape: tuple[int, ...], dtype: np.dtype[Any]) -> str:
    """What is wrong with an array that is no matrix or vector of real numbers, and what to do; empty if it is one."""
    if dtype.hasobject:
        return "pickled objects, which are not loaded because that runs code; save numbers, array.astype('float32')"
    if dtype.kind not in "fiub" or dtype.itemsize > 8:
        return f"values of type {dtype}; save float32"
    if len(shape) not in (1, 2):
        sizes = " x ".join(map(str, shape)) or "a single number"
        return f"{len(shape)} axes ({sizes}); save each utterance as a matrix [frames, columns]"
    return ""


def _read_values(stream: KaldiStream, start: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    if wrong := wrong_array(shape, dtype):
        raise stream.error("a matrix or vector of real numbers", wrong, offset=start)
    num_bytes = dtype.itemsize * int(np.prod(shape, dtype=object))
    if num_bytes < 0:
        raise stream.error("sizes of 0 or more", str(shape), "the header is damaged", offset=start)
    return stream.read_bytes(num_bytes).view(dtype)
