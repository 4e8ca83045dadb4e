"""Graphs handed over to another process: what is in a file that both have open, and what is said of it.

The arrays of a graph for `UtteranceSearch` lie in the file as they are in memory, so that the other process maps them
and reads nothing.
"""

from __future__ import annotations

import mmap
import pickle
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np

from ov_asr_score.decoding.graph import DecodingGraph, GraphLabels, open_graph_file
from ov_asr_score.decoding.token_passing.search_graph import SearchGraph
from ov_asr_score.decoding.token_passing.utterance_search import make_ready

_ALIGNMENT = 64

SearchedGraph: TypeAlias = DecodingGraph | SearchGraph


@dataclass(frozen=True, slots=True, eq=False)
class FstInFile:
    """A graph that `write_graph` wrote."""

    name: str
    labels: GraphLabels
    word_penalty: float

    def open(self, path: str) -> DecodingGraph:
        """The graph in the file. Raises MissingExtraError and TableFormatError."""
        return open_graph_file(path, self.name, self.labels, self.word_penalty)


@dataclass(frozen=True, slots=True, eq=False)
class ArraysInFile:
    """A graph that `write_arrays` wrote: ``record`` is all of it but the arrays, which are at ``places``."""

    name: str
    record: bytes
    places: tuple[tuple[int, int], ...]  # begin and end of each array

    def open(self, path: str) -> SearchGraph:
        """The graph in the file, whose arrays are shared with all who have it open. Raises MissingExtraError."""
        with Path(path).open("rb") as file:
            # a view that may be written to, as compiled functions are made for such arrays
            data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
        parts = [data[begin:end] for begin, end in self.places]
        values: dict[str, Any] = pickle.loads(self.record, buffers=parts)  # noqa: S301  # of this program
        graph = SearchGraph(**values)
        make_ready(graph)  # before the process divides itself
        return graph


GraphInFile: TypeAlias = FstInFile | ArraysInFile


def write_arrays(file: BinaryIO, graph: SearchGraph) -> ArraysInFile:
    """Write the arrays of a graph, and return what `ArraysInFile.open` needs."""
    values = {each.name: getattr(graph, each.name) for each in fields(graph) if not each.name.startswith("_")}
    arrays = graph.arrays
    values["arrays"] = type(arrays)(*(_plain(each) for each in arrays))
    buffers: list[pickle.PickleBuffer] = []
    keep: Callable[[pickle.PickleBuffer], None] = buffers.append
    record = pickle.dumps(values, protocol=5, buffer_callback=keep)
    places, end = [], 0
    for buffer in buffers:
        part = buffer.raw()
        begin = -(-end // _ALIGNMENT) * _ALIGNMENT
        file.write(bytes(begin - end))
        file.write(part)
        end = begin + part.nbytes
        places.append((begin, end))
    file.write(b"\0")  # no file is empty that is mapped
    file.flush()
    return ArraysInFile(graph.name, record, tuple(places))


def _plain(value: Any) -> Any:
    """An array without what its class adds, such as the file that it is mapped from."""
    return np.asarray(value) if isinstance(value, np.ndarray) else value
