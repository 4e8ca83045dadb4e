"""Speed of converted Kaldi models fed from memory: ``python -m benchmarks.graphs [FOLDER]``.

Compares the models of ``benchmarks.models`` (written into FOLDER), as converted, with every layer at the full frame
rate; a batch of utterances with a single one; and frame by frame. The machine's peak of matrix products is listed, too.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring.timing import matrix_product, medians, requests
from benchmarks.models.networks import make_models
from ov_asr_score.convert.from_file import convert_file
from ov_asr_score.openvino_api import ov
from ov_asr_score.settings.kaldi import KaldiOptions

STREAMS, REPEATS = 2, 7


@dataclass(frozen=True)
class _Row:
    """One line of the table: a function to run, and the number of feature frames it scores."""

    name: str
    run: Callable[[], None]
    frames: int


def _inputs(model: ov.Model, batch: int, frames: int) -> list[NDArray[np.float32]]:
    random = np.random.default_rng(1)
    arrays = []
    for port in model.inputs:
        shape = list(port.get_partial_shape())
        width = shape[-1].get_length()
        size = (batch, frames, width) if len(shape) == 3 else (batch, width)
        arrays.append(random.standard_normal(size).astype(np.float32))
    return arrays


def _utterances(name: str, path: Path, batch: int, frames: int, factor: int = 1) -> _Row:
    model = convert_file(path, KaldiOptions(frame_subsampling_factor=factor))
    return _Row(name, requests(model, STREAMS, _inputs(model, batch, frames)), STREAMS * batch * frames)


def _frame_by_frame(name: str, path: Path, at_once: int, factor: int = 1) -> _Row:
    options = KaldiOptions(time="frame", frames_per_request=at_once, frame_subsampling_factor=factor)
    model = convert_file(path, options)
    frames = int(model.input("input").get_partial_shape()[1].get_length())
    once, count = requests(model, STREAMS, _inputs(model, 1, frames)), max(1, 300 // frames)

    def run() -> None:
        for _ in range(count):
            once()

    return _Row(name, run, STREAMS * count * frames)


def measure(folder: Path) -> list[tuple[str, float]]:
    """Frames per second of all rows, measured in turns; the peak in GFLOP/s comes last."""
    dnn, tdnnf, lstmp = make_models(folder)
    rows = [
        _utterances("DNN, utterances of 1000 frames", dnn, 1, 1000),
        _utterances("TDNN-F, factor 3, utterances of 1000 frames", tdnnf, 1, 1000, 3),
        _utterances("TDNN-F, a row for every frame", tdnnf, 1, 1000),
        _frame_by_frame("TDNN-F, factor 3, 3 frames per request", tdnnf, 3, 3),
        _frame_by_frame("TDNN-F, factor 3, 30 frames per request", tdnnf, 30, 3),
        _utterances("LSTMP, one utterance of 600 frames per request", lstmp, 1, 600),
        _utterances("LSTMP, 8 utterances per request", lstmp, 8, 600),
        _frame_by_frame("LSTMP, one frame per request", lstmp, 1),
    ]
    peak, operations = matrix_product(2048, STREAMS)
    seconds = medians({row.name: row.run for row in rows} | {"peak": peak}, REPEATS)
    speeds = [(row.name, row.frames / seconds[row.name]) for row in rows]
    return [*speeds, ("peak of matrix products, GFLOP/s", operations / seconds["peak"] / 1e9)]


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(temporary)
        for name, value in measure(folder):
            print(f"{name:52s} {value:10,.0f}")


if __name__ == "__main__":
    main()
