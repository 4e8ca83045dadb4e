"""Speed of GNA models in software: ``python -m benchmarks.gna [blob …]``.

A feed-forward network of 440-512-512-512-300 with random weights, 16 and 8 bit, and an LSTM that Intel's plugin
exported, or the given blobs. Prints frames per second of the runner, including conversion from and to floats, and per
second of processor time, which is more telling on a loaded machine.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring.turns import Contestant, Target, ratios, spread, take_turns
from ov_asr_score.gna.exact.program import ExactProgram
from ov_asr_score.gna.format.blob import read_blob
from ov_asr_score.gna.format.model_checks import check_model
from ov_asr_score.gna.gna_runner import GnaRunner
from ov_asr_score.gna.model import (
    COMPOUND_BIAS,
    PAGE,
    SEGMENT,
    DataType,
    GnaEndpoint,
    GnaModel,
    GnaOperation,
    GnaTensor,
    OperationType,
)

SIZES = (440, 512, 512, 512, 300)
LSTM = Path(__file__).parents[1] / "tests" / "gna" / "data" / "lstm_mem.q8.gna"
NUM_SEGMENTS = 12

# Frames per second of Intel's library for a network of SIZES: software execution with AVX2 kernels (GNA_SW_EXACT of
# OpenVINO 2022.1, GNA library 3.0, speech_sample over 20,000 frames) on a machine of two cores.
INTEL = {
    "mlp, 16 bit": {"Intel's library, 1 frame a request": 10_500, "Intel's library, 8 frames a request": 21_000},
    "mlp, 8 bit": {"Intel's library, 1 frame a request": 12_400},
}

SLOTS, ROWS = 2, 256
"""Concurrent requests and frames in each, for models without states."""
LANES = (1, 8, 64)
"""Utterances side by side, for models with states."""


def random_mlp(bits: int) -> GnaModel:
    """The network with random weights and sigmoids of twelve segments; its speed does not depend on them."""
    rng = np.random.default_rng(bits)
    offsets = np.cumsum([0, *(-(-2 * size // 64) * 64 for size in SIZES)]).tolist()
    constants, operations = bytearray(), []
    first_constant = -(-(offsets[-1] + 4 * SIZES[-1]) // PAGE) * PAGE

    def constant(values: NDArray[np.generic], type_: DataType) -> GnaTensor:
        tensor = GnaTensor(values.shape, type_, first_constant + len(constants))
        stored = values.tobytes()
        constants.extend(stored + bytes(-len(stored) % 64))
        return tensor

    for index, (inputs, outputs) in enumerate(pairwise(SIZES)):
        is_last = index == len(SIZES) - 2
        if bits == 8:
            weights = constant(rng.integers(-127, 128, (outputs, inputs), np.int8), DataType.INT8)
            compound = np.zeros(outputs, COMPOUND_BIAS)
            compound["multiplier"] = rng.integers(40, 256, outputs)
            biases = constant(compound, DataType.COMPOUND_BIAS)
        else:
            weights = constant(rng.normal(0, 4000, (outputs, inputs)).clip(-16384, 16384).astype("<i2"), DataType.INT16)
            biases = constant(rng.integers(-(2**24), 2**24, outputs).astype("<i4"), DataType.INT32)
        source = GnaTensor((inputs, 1), DataType.INT16, offsets[index])
        output = GnaTensor((outputs, 1), DataType.INT32 if is_last else DataType.INT16, offsets[index + 1])
        segments = None if is_last else constant(_sigmoid(2.0e8), DataType.PWL_SEGMENT)
        operations.append(GnaOperation(OperationType.AFFINE, (source, output, weights, biases, segments, None), (b"",)))
    return GnaModel(
        version=(2, 8),
        inputs=(GnaEndpoint("input", 1638.4, 2, SIZES[0], 0, (1, SIZES[0])),),
        outputs=(GnaEndpoint("score", 1.0e8, 4, SIZES[-1], offsets[-2], (1, SIZES[-1])),),
        operations=tuple(operations),
        states=(),
        memory=bytes(first_constant) + bytes(constants) + bytes(-len(constants) % PAGE),
    )


def _sigmoid(scale: float) -> NDArray[np.generic]:
    """Lines between points of the sigmoid; sums are values times ``scale``, outputs values times 2048."""
    x = np.linspace(-6, 6, NUM_SEGMENTS - 1)
    y = 1 / (1 + np.exp(-x))
    segments = np.zeros(NUM_SEGMENTS, SEGMENT)
    segments["base"][0], segments["base"][1:] = -(2**31), (x * scale).astype(np.int64) // 4 * 4
    segments["value"][1:] = np.rint(2048 * y)
    slopes = 2048 * np.diff(y) / np.diff(x) / scale * 2.0**32  # shift code 3
    segments["slope"][1:-1] = np.minimum(np.rint(slopes), 32767)
    segments["base"][1:-1] |= 3
    return segments


def turn(runner: GnaRunner, lanes: int, seconds: float, by_processor: list[float]) -> Callable[[], tuple[float, float]]:
    """A function that runs a turn: frames and seconds. Adds frames per processor second to ``by_processor``."""
    rng = np.random.default_rng(0)
    for slot in range(runner.num_slots):
        shapes = [(lanes, int((port.shape or (0, 0))[1] or 0)) for port in runner.inputs]
        runner.bind(slot, [rng.normal(0, 1, shape).astype(np.float32) for shape in shapes])
        runner.run(slot)

    def run() -> tuple[float, float]:
        started = time.process_time()
        work, wall_seconds = timed()
        by_processor.append(work / (time.process_time() - started))
        return work, wall_seconds

    def timed() -> tuple[float, float]:
        started, requests = time.perf_counter(), 0
        slots = range(runner.num_slots)
        if len(slots) == 1:
            while time.perf_counter() - started < seconds:
                runner.run(0)
                requests += 1
            return float(requests * lanes), time.perf_counter() - started
        for slot in slots:
            runner.start(slot)
        while time.perf_counter() - started < seconds:
            for slot in slots:
                runner.finish(slot)
                runner.start(slot)
                requests += 1
        for slot in slots:
            runner.finish(slot)
            requests += 1
        return float(requests * lanes), time.perf_counter() - started

    return run


def contestants_of(
    name: str, model: GnaModel, seconds: float, by_processor: dict[str, list[float]]
) -> list[Contestant]:
    """The contestants of one model; ``by_processor`` receives their frames per processor second."""
    program = ExactProgram(model, name)

    def contestant(what: str, slots: int, lanes: int) -> Contestant:
        figures = by_processor.setdefault(f"{name}, {what}", [])
        return Contestant(f"{name}, {what}", turn(GnaRunner(program, slots, lanes), lanes, seconds, figures))

    if program.is_stateful:
        return [contestant(f"{lanes} lanes", 1, lanes) for lanes in LANES]
    return [
        contestant("a frame at a time", 1, 1),
        contestant("1 slot", 1, ROWS),
        contestant(f"{SLOTS} slots", SLOTS, ROWS),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the contestants in turns, and print medians and ratios."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gna", description=__doc__)
    parser.add_argument("blobs", nargs="*", type=Path, help="blobs (GNAM) instead of the models of the benchmark")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each turn")
    options = parser.parse_args(arguments)
    models = {path.name: read_blob(path.read_bytes(), str(path)) for path in options.blobs}
    if not models:
        models = {f"mlp, {bits} bit": random_mlp(bits) for bits in (16, 8)}
        models["lstm, 8 bit"] = read_blob(LSTM.read_bytes(), str(LSTM))
    line_up: list[Contestant] = []
    by_processor: dict[str, list[float]] = {}
    for name, model in models.items():
        check_model(model, name)
        line_up += contestants_of(name, model, options.seconds, by_processor)
    figures = take_turns(line_up, options.turns, lambda text: print(text, file=sys.stderr))
    print(f"{'frames/s':>10} {'least':>10} {'most':>10} {'/processor':>10}")
    for name, values in figures.items():
        frames = spread(values)
        per_processor = spread(by_processor[name]).median
        print(f"{frames.median:10,.0f} {frames.smallest:10,.0f} {frames.largest:10,.0f} {per_processor:10,.0f}  {name}")
    names = list(figures)
    targets = [Target(later, names[0]) for later in names[1:] if later.startswith(names[0].partition(",")[0])]
    for ratio in ratios(figures, targets):
        print(
            f"{ratio.found.median:10.2f} {ratio.found.smallest:10.2f} {ratio.found.largest:10.2f}  {ratio.target.name}"
        )
    for name, known in INTEL.items():
        ours = figures.get(f"{name}, {SLOTS} slots")
        for other, speed in known.items() if ours else ():
            print(f"{spread(ours or [0.0]).median / speed:10.2f}  {name}, {SLOTS} slots / {other} ({speed:,} frames/s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
