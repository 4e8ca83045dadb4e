"""Exact programs against slow reference arithmetic and against scores of Intel's library."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.gna.exact.program import ExactProgram
from ov_asr_score.gna.format.blob import read_blob
from ov_asr_score.gna.format.model_checks import check_model
from ov_asr_score.gna.model import DataType, GnaModel
from tests.gna.random_models import INT8, INT16, INT32, affine_model, convolution_model, elementwise_model
from tests.gna.slow_reference import SlowModel
from tests.gna.small_blob import small_model
from tests.places import ROOT

DATA = ROOT / "tests" / "gna" / "data"
COMPOUND = DataType.COMPOUND_BIAS
WIDE, NARROW = (INT16, INT16, INT32), (INT16, INT8, COMPOUND)
Floats = NDArray[np.float32]


def loud(rng: np.random.Generator, lanes: int, size: int) -> Floats:
    """Frames of integers, many of them at or beyond the ends of int16."""
    values = rng.integers(-40000, 40000, (lanes, size))
    return np.where(rng.random((lanes, size)) < 0.4, np.sign(values) * 32768, values).astype(np.float32)


def slow_scores(model: GnaModel, frames: list[Floats]) -> list[Floats]:
    """Scores of stateless ``model``, one request after the other."""
    vectors, slow = model.num_vectors, SlowModel(model)
    parts = [
        slow.run([values[start : start + vectors] for values in frames]) for start in range(0, len(frames[0]), vectors)
    ]
    return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]


def check(model: GnaModel, rng: np.random.Generator, requests: int = 3) -> ExactProgram:
    """The program and the slow reference give the same bytes."""
    check_model(model, "random model")
    program = ExactProgram(model)
    lanes = requests * model.num_vectors
    frames = [loud(rng, lanes, int(port.shape[1] or 0)) for port in program.inputs if port.shape]
    got = program.run(program.new_memory(lanes), frames)
    for fast, slow in zip(got, slow_scores(model, frames), strict=True):
        assert fast.dtype == np.float32
        assert fast.tobytes() == slow.tobytes()
    return program


@pytest.mark.parametrize(
    "types",
    [WIDE, NARROW, (INT16, INT16, INT16), (INT16, INT16, INT8), (INT8, INT8, INT32), (INT8, INT16, INT8)],
    ids=lambda types: "-".join(type_.name for type_ in types),
)
@pytest.mark.parametrize("vectors", [1, 2, 8])
@pytest.mark.parametrize("num_segments", [0, 3, 12])
def test_matrix_products(types: tuple[DataType, DataType, DataType], vectors: int, num_segments: int) -> None:
    rng = np.random.default_rng(vectors)
    # 8-bit inputs come 16 at a time in the library
    for inputs in (16, 64) if types[0] is INT8 else (8, 40):
        check(affine_model(rng, inputs, 16, vectors, types, num_segments), rng)


@pytest.mark.parametrize("vectors", range(1, 9))
def test_long_rows_saturate_in_pieces(vectors: int) -> None:
    rng = np.random.default_rng(vectors)
    piece = 256 // vectors * 64
    for inputs in (piece + 8, 2 * piece, 2 * piece + 24):
        check(affine_model(rng, inputs, 3, vectors, WIDE, share=0.9), rng, requests=1)


def test_piece_borders_of_long_rows() -> None:
    """The first piece alone is beyond int32, the second one brings it back: the sum is not what the whole would be."""
    rng = np.random.default_rng(0)
    model = affine_model(rng, 2 * 16384, 3, 1, WIDE)
    memory = bytearray(model.memory)
    weights = model.operations[0].operands[2]
    assert weights is not None
    memory[weights.offset : weights.offset + weights.num_bytes] = np.full(weights.num_elements, 16384, "<i2").tobytes()
    model = replace(model, memory=bytes(memory))
    frames = np.concatenate([np.full(16384, 30000), np.full(16384, -30000)])[None].astype(np.float32)
    program = ExactProgram(model)
    memory_of_program = program.new_memory(1)
    (got,) = program.run(memory_of_program, [frames])
    (expected,) = slow_scores(model, [frames])
    assert got.tobytes() == expected.tobytes()
    assert (got < -7e8).all()  # -2^31 / 3, not the bias
    assert memory_of_program.counts[0].saturated == 6


@pytest.mark.parametrize("vectors", [1, 3])
@pytest.mark.parametrize("inputs", [600, 4104, 8200])
def test_8_bit_weights_wrap(inputs: int, vectors: int) -> None:
    rng = np.random.default_rng(inputs)
    model = affine_model(rng, inputs, 4, vectors, NARROW, share=1.0)
    memory = bytearray(model.memory)
    weights = model.operations[0].operands[2]
    assert weights is not None
    # all of one sign and loud frames: the products leave 32 bits
    memory[weights.offset : weights.offset + weights.num_bytes] = bytes([127]) * weights.num_bytes
    model = replace(model, memory=bytes(memory))
    frames = np.full((vectors, inputs), 32767, np.float32)
    program = ExactProgram(model)
    (got,) = program.run(program.new_memory(vectors), [frames])
    assert got.tobytes() == slow_scores(model, [frames])[0].tobytes()
    check(model, rng, requests=1)


def test_pairs_of_minus_32768() -> None:
    rng = np.random.default_rng(3)
    model = affine_model(rng, 24, 8, 1, WIDE, share=1.0)
    program = check(model, rng, requests=4)
    frames = np.full((1, 24), -32768, np.float32)
    (got,) = program.run(program.new_memory(1), [frames])
    assert got.tobytes() == slow_scores(model, [frames])[0].tobytes()


LOW = (INT8, INT8, INT16)


@pytest.mark.parametrize(
    ("types", "changing"),
    [
        *[(types, (weights, biases)) for types in (WIDE, LOW) for weights in (False, True) for biases in (False, True)],
        # biases of 8-bit weights hold multipliers, which no operation makes
        *[(NARROW, (weights, False)) for weights in (False, True)],
    ],
)
def test_elementwise_products(types: tuple[DataType, DataType, DataType], changing: tuple[bool, bool]) -> None:
    rng = np.random.default_rng(sum(changing))
    check(elementwise_model(rng, 24, 1, types, changing), rng, requests=5)


VECTOR = ((1, 72, 1), (1, 32), (1, 4), 4)
PLANE = ((7, 9, 3), (3, 2), (2, 1), 5)


@pytest.mark.parametrize("types", [(INT16, INT16), (INT16, INT8), (INT8, INT8), (INT8, INT16)])
@pytest.mark.parametrize("shapes", [VECTOR, PLANE], ids=["vector", "plane"])
@pytest.mark.parametrize("num_segments", [0, 1, 5])
def test_convolutions(
    types: tuple[DataType, DataType],
    shapes: tuple[tuple[int, int, int], tuple[int, int], tuple[int, int], int],
    num_segments: int,
) -> None:
    rng = np.random.default_rng(num_segments)
    check(convolution_model(rng, types, *shapes, num_segments=num_segments), rng)


@pytest.mark.parametrize(
    ("window", "stride", "layout"), [(3, 2, ""), (3, 3, ""), (4, 1, ""), (2, 3, ""), (3, 2, "GNA1"), (11, 1, "")]
)
def test_1d_pooling(window: int, stride: int, layout: str) -> None:
    rng = np.random.default_rng(window)
    pool = (1, (1, window), (1, stride))
    check(convolution_model(rng, (INT16, INT16), *VECTOR, pool=pool, layout=layout, num_segments=6), rng)


@pytest.mark.parametrize("mode", [1, 2])
@pytest.mark.parametrize("padding", [(0, 0), (1, 1)])
def test_2d_pooling(mode: int, padding: tuple[int, int]) -> None:
    rng = np.random.default_rng(mode)
    pool = (mode, (2, 3), (1, 2))
    check(convolution_model(rng, (INT16, INT16), *PLANE, padding=padding, pool=pool), rng)


@pytest.mark.parametrize("seed", range(4))
def test_sum_pooling_of_first_generation(seed: int) -> None:
    rng = np.random.default_rng(seed)
    check(convolution_model(rng, (INT16, INT16), *VECTOR, pool=(2, (1, 3), (1, 2)), layout="GNA1"), rng)


@pytest.mark.parametrize("types", [(INT16, INT16), (INT8, INT16)])
def test_sum_pooling_of_sums(types: tuple[DataType, DataType]) -> None:
    rng = np.random.default_rng(1)
    check(convolution_model(rng, types, (9, 9, 8), (3, 3), (1, 1), 3, num_segments=0, pool=(2, (3, 2), (2, 1))), rng)


def test_states_are_separate_per_lane() -> None:
    """Lanes of different utterances, one of them begun again on the way, against one slow model each."""
    model = small_model()
    program = ExactProgram(model)
    rng = np.random.default_rng(5)
    lanes, slow = 3, [SlowModel(model) for _ in range(3)]
    memory = program.new_memory(lanes)
    assert program.is_stateful
    for step in range(6):
        restart = np.array([step == 0, step in (0, 3), step == 0])
        program.restart(memory, restart)
        frames = [rng.normal(0, 8, (lanes, size)).astype(np.float32) for size in (8, 16)]
        got = program.run(memory, frames)
        for lane, one in enumerate(slow):
            if restart[lane]:
                one.reset()
            expected = one.run([values[lane : lane + 1] for values in frames])
            for fast, values in zip(got, expected, strict=True):
                assert fast[lane].tobytes() == values[0].tobytes()


@pytest.mark.parametrize("vectors", [2, 8])
def test_incomplete_last_request(vectors: int) -> None:
    rng = np.random.default_rng(vectors)
    model = affine_model(rng, 16, 5, vectors, WIDE, 3)
    program = ExactProgram(model)
    frames = loud(rng, 2 * vectors + 1, 16)
    (got,) = program.run(program.new_memory(len(frames)), [frames])
    filled = np.concatenate([frames, np.zeros((vectors - 1, 16), np.float32)])
    assert got.tobytes() == slow_scores(model, [filled])[0][: len(frames)].tobytes()


def test_nan_becomes_zero_and_clipped_values_are_counted() -> None:
    rng = np.random.default_rng(0)
    program = ExactProgram(affine_model(rng, 8, 4, 1, WIDE))
    memory = program.new_memory(1)
    odd = np.array([[np.nan, np.inf, -np.inf, 32767.4, 32767.6, -32768.4, 0.5, -0.5]], np.float32)
    (got,) = program.run(memory, [odd])
    plain = np.array([[0, 32767, -32768, 32767, 32767, -32768, 1, -1]], np.float32)
    (expected,) = program.run(program.new_memory(1), [plain])
    assert got.tobytes() == expected.tobytes()
    assert memory.clipped == [3]


def test_tensor_values_after_a_run() -> None:
    rng = np.random.default_rng(1)
    model = affine_model(rng, 16, 8, 2, WIDE, 3)
    program = ExactProgram(model)
    memory = program.new_memory(3)
    (scores,) = program.run(memory, [loud(rng, 3, 16)])
    output = model.operations[0].operands[1]
    assert output is not None
    value = program.value(memory, output)
    assert value.shape == (3, 8)
    assert (value.astype(np.float32) / np.float32(3)).tobytes() == scores.tobytes()


BLOBS = {path.name.removesuffix(".gna"): path for path in sorted(DATA.rglob("*.gna"))}
INTEL = dict(np.load(DATA / "scored" / "intel_scores.npz"))


@pytest.mark.parametrize("name", sorted({key.partition("/")[0] for key in INTEL} & set(BLOBS)))
def test_scores_match_intel_library(name: str) -> None:
    """Two utterances side by side; the second one's lane goes on beyond its end."""
    model = read_blob(BLOBS[name].read_bytes(), name)
    program = ExactProgram(model)
    frame_size = int(model.inputs[0].shape[-1])
    source = "dnn_digits" if name.startswith("dnn_digits") else f"in{frame_size}"
    utterances = [INTEL[f"{source}/{index}"] for index in range(2)]
    frames = np.zeros((len(utterances[0]), 2, frame_size), np.float32)
    for lane, values in enumerate(utterances):
        frames[: len(values), lane] = values
    memory = program.new_memory(2)
    scores = np.stack([program.run(memory, [both])[0] for both in frames])
    for lane in range(2):
        expected = INTEL[f"{name}/{lane}"]
        assert scores[: len(expected), lane].tobytes() == expected.tobytes()


def test_all_reference_blobs_exist() -> None:
    assert len({key.partition("/")[0] for key in INTEL} & set(BLOBS)) == 7


def test_slow_reference_matches_intel_library() -> None:
    """That what random models are held against computes what Intel's library does."""
    name = "lstm_mem.q8.wbp"
    slow = SlowModel(read_blob(BLOBS[name].read_bytes(), name))
    got = [slow.run([frame[None]])[0][0] for frame in INTEL["in40/0"][:3]]
    assert np.stack(got).tobytes() == INTEL[f"{name}/0"][:3].tobytes()
