"""Fair timing of compiled models: medians of runs that take turns."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.openvino_api import opset, ov


def medians(runs: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median seconds of each run; they take turns, and the first turn of each is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(repeats + 1):
        for name, run in runs.items():
            started = time.perf_counter()
            run()
            if turn:
                seconds[name].append(time.perf_counter() - started)
    return {name: median(times) for name, times in seconds.items()}


def compile_for(model: ov.Model, streams: int, precision: str) -> ov.CompiledModel:
    """``model`` compiled for the CPU with ``streams`` streams, in ``f32`` or ``bf16``."""
    settings = {"INFERENCE_PRECISION_HINT": precision, "NUM_STREAMS": str(streams)}
    return ov.Core().compile_model(model, "CPU", settings)


def rounds(compiled: ov.CompiledModel, streams: int, inputs: list[NDArray[np.float32]]) -> Callable[[], None]:
    """A function that scores ``inputs`` once on each of ``streams`` requests at the same time."""
    slots = [compiled.create_infer_request() for _ in range(streams)]

    def run() -> None:
        for slot in slots:
            slot.start_async(inputs)
        for slot in slots:
            slot.wait()

    return run


def requests(
    model: ov.Model, streams: int, inputs: list[NDArray[np.float32]], precision: str = "f32"
) -> Callable[[], None]:
    """A function that scores ``inputs`` once on each of ``streams`` streams at the same time."""
    return rounds(compile_for(model, streams, precision), streams, inputs)


def matrix_product(size: int, streams: int, precision: str = "f32") -> tuple[Callable[[], None], float]:
    """A function that multiplies large matrices through the runtime, and its floating-point operations."""
    rows = opset.parameter([size, size], np.float32)
    weights = np.random.default_rng(0).standard_normal((size, size)).astype(np.float32)
    model = ov.Model([opset.result(opset.matmul(rows, opset.constant(weights), False, True))], [rows])
    return requests(model, streams, [weights], precision), 2.0 * size**3 * streams
