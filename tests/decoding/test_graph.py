from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest

from ov_asr_score.decoding import graph as graphs
from ov_asr_score.decoding.graph import make_graph, write_graph
from ov_asr_score.errors import OvAsrScoreError, ShapeMismatchError, UnsupportedModelError
from ov_asr_score.fst.reading import Fst, read_fst
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from tests.decoding.kaldi_decodings import NUM_PDFS, fst, linear_fst, pdfs


def written(source: Fst, **options: float) -> tuple[Fst, graphs.GraphLabels]:
    file = io.BytesIO()
    labels = write_graph(file, "a", source, pdfs(), NUM_PDFS, **options)
    file.seek(0)
    return read_fst(KaldiStream(file, "a")), labels


@pytest.mark.parametrize("block", [7, 1 << 20])
def test_labels_say_what_arcs_said(block: int) -> None:
    with patch.object(graphs, "_BLOCK", block):
        found, labels = written(fst())
    np.testing.assert_array_equal(labels.transition_ids[found.olabels], fst().ilabels)
    np.testing.assert_array_equal(labels.words[found.olabels], fst().olabels)
    emitting = fst().ilabels > 0
    np.testing.assert_array_equal(found.ilabels[emitting], pdfs()[fst().ilabels[emitting]] + 1)
    assert not found.ilabels[~emitting].any()
    for name in ("final_weights", "first_arcs", "weights", "next_states"):
        np.testing.assert_array_equal(getattr(found, name), getattr(fst(), name))
    assert found.start == fst().start


def test_penalty_of_words() -> None:
    found, _ = written(fst(), word_penalty=1.5)
    np.testing.assert_allclose(found.weights - fst().weights, 1.5 * (fst().olabels > 0), atol=1e-6)


def test_openfst_reads_it() -> None:
    small = make_graph("a", fst(), pdfs(), NUM_PDFS)
    assert small.automaton.num_states == fst().num_states
    epsilons = [
        np.count_nonzero(fst().ilabels[slice(*bounds)] == 0)
        for bounds in zip(fst().first_arcs[:-1], fst().first_arcs[1:], strict=True)
    ]
    assert [small.automaton.num_input_epsilons(state) for state in range(fst().num_states)] == epsilons


def changed(field: str, value: float) -> Fst:
    source = linear_fst((1, 0, 0.0), (2, 1, 0.0))
    values = getattr(source, field).copy()
    values[1] = value
    return replace(source, **{field: values})


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        (replace(linear_fst((1, 0, 0.0)), start=-1), UnsupportedModelError, "a: expected a graph with a start"),
        (linear_fst((315, 0, 0.0)), ShapeMismatchError, "a: the graph has transition-ids up to 315, the model 314"),
        (changed("ilabels", -1), UnsupportedModelError, "a: expected labels from 0"),
        (changed("olabels", -1), UnsupportedModelError, "a: expected labels from 0"),
        (changed("weights", np.nan), UnsupportedModelError, "a: expected weights that are numbers"),
        (changed("final_weights", -np.inf), UnsupportedModelError, "a: expected weights that are numbers"),
    ],
)
def test_graphs_that_cannot_be_searched(source: Fst, error: type[OvAsrScoreError], message: str) -> None:
    with pytest.raises(error, match=message):
        write_graph(io.BytesIO(), "a", source, pdfs(), NUM_PDFS)


def test_a_file_that_is_no_graph(tmp_path: str) -> None:
    # in a process of its own: OpenFst writes a line about it
    program = (
        "from ov_asr_score.decoding.graph import *; from ov_asr_score.errors import TableFormatError\n"
        "try: open_graph_file('/dev/null', 'a', None, 0.0)\n"
        "except TableFormatError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "a: OpenFst cannot read the graph\n"
