"""What onnxruntime makes of whole utterances, one at a time; the axes are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from tests.axes_proof.bodies import WIDTH
from tests.axes_proof.truth import SecondInput, TrueModel, TrueOutput

Array = NDArray[Any]
Tables = dict[str, dict[str, Array]]
"""By input, then by utterance: what the user has."""
DTYPES = {"float": np.float32, "int64": np.int64, "int32": np.int32, "bool": np.bool_}

onnxruntime.set_default_logger_severity(4)


def make_tables(true: TrueModel) -> Tables:
    """Random features and second inputs for all utterances."""
    random = np.random.default_rng(true.seed + 1)
    tables: Tables = {name: {} for name in (true.name, *(each.name for each in true.seconds if each.given))}
    for number, length in enumerate(true.lengths):
        key = f"u{number}"
        tables[true.name][key] = random.standard_normal((length, true.features_width)).astype(np.float32)
        for second in true.seconds:
            if second.given:
                tables[second.name][key] = _second(random, second, length)
    return tables


def _second(random: np.random.Generator, second: SecondInput, length: int) -> Array:
    match second.kind:
        case "rows":
            return random.standard_normal((length, second.width)).astype(np.float32)
        case "mask":
            return (random.random((length, 1)) < 0.6).astype(np.float32)
        case "length":
            return np.array([length], np.float32)
        case _:
            return random.standard_normal(second.width).astype(np.float32)


def expected_scores(model: bytes, true: TrueModel, tables: Tables) -> dict[str, dict[str, Array]]:
    """Scores [T', C] by output and utterance, [1, C] where an output is one vector per utterance.

    A graph with a fixed number of frames gets each piece of them on its own, but for the states that the piece before
    has handed on, the last one filled up with its last frame; one with a fixed number of utterances gets the same one
    as often.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    scores: dict[str, dict[str, Array]] = {output.name: {} for output in true.outputs}
    for key, features in tables[true.name].items():
        values = {name: table[key] for name, table in tables.items()}
        for output, matrix in zip(true.outputs, _utterance(session, true, features, values), strict=True):
            scores[output.name][key] = matrix
    return scores


def _utterance(session: Any, true: TrueModel, features: Array, values: dict[str, Array]) -> list[Array]:
    length, piece = len(features), true.fixed_frames or len(features)
    parts: list[list[Array]] = [[] for _ in true.outputs]
    state = {each.result: each.name for each in true.seconds if each.result}
    carried: dict[str, Array] = {}
    for start in range(0, length, piece):
        rows = np.minimum(np.arange(start, start + piece), length - 1)
        feed = {true.name: _arranged(true, true.letters, true.width, features[rows])}
        for second in true.seconds:
            feed[second.name] = _fed(true, second, values.get(second.name), rows)
        results = session.run([*(output.name for output in true.outputs), *state], feed | carried)
        carried = dict(zip(state.values(), results[len(true.outputs) :], strict=True))
        for output, result, found in zip(true.outputs, results, parts, strict=False):
            found.append(_frames(true, output, result, piece))
    whole = [np.concatenate(matrices) for matrices in parts]
    ends = [true.fixed_frames and length % piece and output.letters and length for output in true.outputs]
    return [matrix[: end or None] for matrix, end in zip(whole, ends, strict=True)]


def _fed(true: TrueModel, second: SecondInput, value: Array | None, rows: Array) -> Array:
    utterances = true.batch if "N" not in true.free and not true.by_rows else 1
    dtype: Any = DTYPES[second.dtype]
    if second.kind == "state":
        return np.zeros((1, utterances, WIDTH), np.float32)
    if second.kind == "length":
        return np.full([utterances] if second.letters == "N" else [], len(rows), dtype)
    if second.kind == "gain":
        assert value is not None
        return value.reshape([1] if second.letters else [])
    if value is None:
        value = np.ones((len(rows), 1), np.float32)
    elif value.ndim == 2:
        value = value[rows]
    return _arranged(true, second.letters, second.width, value).astype(dtype)


def _arranged(true: TrueModel, letters: str, width: int, value: Array) -> Array:
    """A matrix of frames, or a vector for all of them, with the axes of an input."""
    frames = len(value) if value.ndim == 2 else 1
    sizes = {"N": frames if true.by_rows else 1, "T": frames, "S": true.splice, "C": width, "1": 1}
    kept = [letter for letter in "NTSC" if letter in letters]
    array = value.reshape([sizes[letter] for letter in kept])
    array = array.transpose([kept.index(letter) for letter in letters if letter != "1"])
    array = array.reshape([sizes[letter] for letter in letters])
    if "N" in letters and "N" not in true.free and not true.by_rows:
        array = np.repeat(array, true.batch, axis=letters.index("N"))
    return np.ascontiguousarray(array)


def _frames(true: TrueModel, output: TrueOutput, result: Array, frames: int) -> Array:
    """Rows of frames of the first utterance from an output; heads beside each other in a row."""
    letters = output.letters
    if letters == "TC":
        batch = true.batch if "N" in true.letters and "N" not in true.free else 1
        return result[: len(result) // batch]
    if true.by_rows:
        order = [letters.index(letter) for letter in "NC" if letter in letters]
    else:
        if "N" in letters:
            result = result.take([0], axis=letters.index("N"))
        order = [letters.index(letter) for letter in "THC" if letter in letters]
    others = [axis for axis in range(len(letters)) if axis not in order]
    turned = result.transpose([*others, *order])
    rows = turned.shape[len(others)] if true.by_rows or "T" in letters else 1
    return np.array(turned.reshape(rows, -1))
