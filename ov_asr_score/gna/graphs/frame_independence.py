"""Decides whether a model with a free length may be computed frame by frame."""

from __future__ import annotations

import numpy as np

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.gna.graphs.float_graph import Float32Array, GnaGraph
from ov_asr_score.gna.graphs.float_program import FloatProgram
from ov_asr_score.gna.graphs.reading.model_reader import read_graph, try_graph
from ov_asr_score.openvino_api import RUNTIME_ERRORS, ov

_TOLERANCE = 1e-3


def read_graph_of_frames(model: ov.Model, source: str) -> GnaGraph:
    """The layers of ``model`` for one frame, as ``read_graph`` returns them.

    Raises UnsupportedModelError as that does, and also if two frames in one request score differently from the same
    frames one after the other.
    """
    graph = read_graph(model, source)
    pairs = _graph_of_pairs(model, source)
    if pairs is not None and not _agree(graph, pairs):
        raise UnsupportedModelError(
            f"{source}: its frames depend on each other, but GNA computes one at a time: expected a model for one "
            "frame, with variables for its memory (Kaldi models: time=frame)",
            fields=("time",),
        )
    return graph


def _graph_of_pairs(model: ov.Model, source: str) -> GnaGraph | None:
    """The layers for two frames in one request; None if no length is free or the model does not support two."""
    pairs = model.clone()
    shapes = {}
    for number, port in enumerate(pairs.inputs):
        shape = port.get_partial_shape()
        free = [axis for axis in range(len(shape) - 1) if shape[axis].is_dynamic]
        if not free or pairs.get_sinks():
            return None
        sizes = [1 if size.is_dynamic else size.get_length() for size in shape]
        sizes[free[-1]] = 2
        shapes[number] = ov.PartialShape(sizes)
    try:
        pairs.reshape(shapes)
        return try_graph(pairs, source, is_static=True)[0]
    except RUNTIME_ERRORS:
        return None


def _agree(graph: GnaGraph, pairs: GnaGraph) -> bool:
    generator = np.random.default_rng(0)
    frames = [generator.standard_normal((2, port.size)).astype(np.float32) for port in graph.inputs]
    if any(pair.size != 2 * port.size for pair, port in zip(pairs.inputs, graph.inputs, strict=True)):
        return False
    apart, together = _scores(graph, frames), _scores(pairs, [frame.reshape(1, -1) for frame in frames])
    return all(
        single.size == pair.size
        and np.allclose(single.reshape(-1), pair.reshape(-1), atol=_TOLERANCE, rtol=_TOLERANCE, equal_nan=True)
        for single, pair in zip(apart, together, strict=True)
    )


def _scores(graph: GnaGraph, frames: list[Float32Array]) -> list[Float32Array]:
    program = FloatProgram(graph)
    return program.run(program.new_memory(len(frames[0])), frames)
