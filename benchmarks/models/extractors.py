"""Writes an i-vector extractor of any size, generated from a seed, as Kaldi's scripts lay one out."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_PRIOR_OFFSET = 60.0
_CONTEXT = 3
_FRAMES_OF_STATS = 1e5


@dataclass(frozen=True, slots=True)
class ExtractorSize:
    """Numbers of Gaussians, and widths of i-vectors, of transformed frames and of features."""

    gaussians: int = 512
    ivector: int = 100
    frame: int = 40
    features: int = 40


def write_extractor(folder: Path, size: ExtractorSize, seed: int = 0) -> Path:
    """Write the files of an extractor; the path of its configuration.

    Means of Gaussians lie apart as far as their deviations, so that a frame belongs to a few of them. i-vectors move
    means by a seventh of a deviation.
    """
    random = np.random.default_rng(seed)
    shape = (size.gaussians, size.frame)
    means, variances = random.normal(size=shape), np.exp(0.2 * random.normal(size=shape))
    weights = random.dirichlet(np.full(size.gaussians, 5.0))
    projections = 0.15 * random.normal(size=(*shape, size.ivector))
    projections[:, :, 0] = means / _PRIOR_OFFSET
    spliced = size.features * (2 * _CONTEXT + 1)
    transform = np.zeros((size.frame, spliced + 1))
    transform[:, :-1] = random.normal(size=(size.frame, spliced)) / np.sqrt(spliced)
    stats = np.zeros((2, size.features + 1))
    stats[0, -1] = stats[1, :-1] = _FRAMES_OF_STATS
    single = [_array(np.asarray(each, "<f4")) for each in (weights, means / variances, 1 / variances)]
    content = {
        "final.mat": _array(np.asarray(transform, "<f4")),
        "global_cmvn.stats": _array(stats),
        "final.dubm": _tokens(
            b"<DiagGMM> <WEIGHTS>", single[0], b"<MEANS_INVVARS>", single[1], b"<INV_VARS>", single[2]
        )
        + b"</DiagGMM> ",
        "final.ie": b"<IvectorExtractor> <w> "
        + _array(np.zeros((0, 0)))
        + _tokens(b"<w_vec>", _array(weights), b"<M>", _int(size.gaussians), *map(_array, projections))
        + _tokens(b"<SigmaInv>", *(_packed(np.diag(1 / each)) for each in variances))
        + b"<IvectorOffset> \x08"
        + struct.pack("<d", _PRIOR_OFFSET)
        + b"</IvectorExtractor> ",
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in content.items():
        (folder / name).write_bytes(b"\0B" + data)
    (folder / "splice.conf").write_text(f"--left-context={_CONTEXT}\n--right-context={_CONTEXT}\n")
    (folder / "online_cmvn.conf").write_text("# Kaldi's defaults\n")
    options = {
        **{"ivector-extractor": "final.ie", "diag-ubm": "final.dubm", "lda-matrix": "final.mat"},
        **{"global-cmvn-stats": "global_cmvn.stats", "splice-config": "splice.conf", "cmvn-config": "online_cmvn.conf"},
    }
    config = folder / "ivector_extractor.conf"
    lines = [f"--{name}={folder / file}\n" for name, file in options.items()]
    config.write_text("".join([*lines, "--max-count=100\n"]), encoding="utf-8")
    return config


def _tokens(*parts: bytes) -> bytes:
    """Tokens, each with a blank behind it, and values."""
    return b"".join(part + b" " if part.endswith(b">") else part for part in parts)


def _int(value: int) -> bytes:
    return b"\4" + struct.pack("<i", value)


def _array(array: NDArray[np.floating]) -> bytes:
    token = ("F" if array.dtype.itemsize == 4 else "D") + ("V" if array.ndim == 1 else "M")
    return f"{token} ".encode() + b"".join(map(_int, array.shape)) + array.tobytes()


def _packed(matrix: NDArray[np.float64]) -> bytes:
    return b"DP " + _int(len(matrix)) + matrix[np.tril_indices(len(matrix))].tobytes()
