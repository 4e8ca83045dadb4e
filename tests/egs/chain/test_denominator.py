"""The denominator against sums over all paths, and graphs that Kaldi would stop at."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.egs.chain import denominator as denominator_module
from ov_asr_score.egs.chain.denominator import denominator_graph, denominator_log_probability, read_denominator
from ov_asr_score.errors import FileAccessError, ModelFormatError, ShapeMismatchError, TableFormatError
from tests.egs.chain.graphs import all_paths, fst_of, log_sum

DATA = Path(__file__).parent / "data"
# Two arcs between the same states; state 3 is entered by nothing, state 2 is final.
ARCS = [
    (0, 1, 1, -math.log(0.5)),
    (0, 2, 2, -math.log(0.4)),
    (1, 1, 3, -math.log(0.3)),
    (1, 2, 1, -math.log(0.2)),
    (1, 2, 2, -math.log(0.45)),
    (2, 0, 3, -math.log(0.6)),
    (2, 2, 2, -math.log(0.1)),
    (3, 0, 1, 0.0),
]
FINALS = {2: -math.log(0.2)}


def scores_of(*shape: int, seed: int = 0) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(seed).normal(0, 3, shape).astype(np.float32)


def test_initial_probabilities_are_means_over_a_hundred_steps() -> None:
    graph = denominator_graph(fst_of(ARCS, FINALS), "den.fst")
    matrix = np.zeros((4, 4))
    for state, following, _, weight in ARCS:
        matrix[state, following] += math.exp(-weight)
    matrix /= (matrix.sum(axis=1) + np.array([0, 0, 0.2, 0]))[:, None]
    current, mean = np.array([1.0, 0, 0, 0]), np.zeros(4)
    for _ in range(100):
        mean += current / 100
        current = current @ matrix
        current /= current.sum()
    np.testing.assert_allclose(graph.initial_probabilities, mean, rtol=1e-6)
    assert graph.initial_probabilities[3] == 0


@pytest.mark.parametrize("block", [1, 1 << 18])
def test_sum_over_all_paths(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without leaks worth a mention, whatever number of sequences is computed together."""
    monkeypatch.setattr(denominator_module, "_BLOCK", block)
    graph = denominator_graph(fst_of(ARCS, FINALS), "den.fst")
    scores = scores_of(5, 3, 3)
    expected = 0.0
    for sequence in range(3):
        paths = []
        for state, probability in enumerate(graph.initial_probabilities):
            for path in all_paths(ARCS, state, 5) if probability else ():
                logs = [scores[time, sequence, arc[2] - 1] - arc[3] for time, arc in enumerate(path)]
                paths.append(math.log(probability) + math.fsum(logs))
        expected += log_sum(paths)
    assert denominator_log_probability(scores, graph, 1e-9) == pytest.approx(expected, abs=1e-5)


def test_leaks_as_extra_transitions() -> None:
    """A leak moves from any state to any other before a frame, and behind the last one."""
    graph = denominator_graph(fst_of(ARCS, FINALS), "den.fst")
    scores = scores_of(6, 2, 3)
    leak = np.eye(4) + 0.1 * graph.initial_probabilities[None, :]
    expected = 0.0
    for sequence in range(2):
        alpha = graph.initial_probabilities @ leak
        for frame in scores[:, sequence]:
            step = np.zeros((4, 4))
            for state, following, label, weight in ARCS:
                step[state, following] += math.exp(frame[label - 1] - weight)
            alpha = alpha @ step @ leak
        expected += math.log(alpha.sum())
    assert denominator_log_probability(scores, graph, 0.1) == pytest.approx(expected, rel=1e-6)


def test_scores_are_limited() -> None:
    """To 30 on both sides; NaN is -30 (kaldi-matrix.cc, ExpLimited)."""
    graph = denominator_graph(fst_of(ARCS, FINALS), "den.fst")
    scores = scores_of(4, 1, 3)
    scores[1, 0] = (100, -1000, np.nan)
    limited = scores.copy()
    limited[1, 0] = (30, -30, -30)
    assert denominator_log_probability(scores, graph, 0.1) == denominator_log_probability(limited, graph, 0.1)


def test_long_sequences_stay_in_range() -> None:
    graph = denominator_graph(fst_of(ARCS, FINALS), "den.fst")
    scores = np.full((3000, 1, 3), -29, np.float32)
    assert denominator_log_probability(scores, graph, 1e-5) == pytest.approx(3000 * -29.2, rel=0.01)


def test_output_that_is_too_narrow() -> None:
    graph = denominator_graph(fst_of(ARCS, FINALS), "den.fst")
    with pytest.raises(ShapeMismatchError, match=r"den\.fst: expected pdfs below 2, the width of the output, found 2;"):
        denominator_log_probability(scores_of(5, 1, 2), graph, 0.1)


@pytest.mark.parametrize(
    ("arcs", "finals", "start", "message"),
    [
        ([], {0: 0.0}, 0, "found an empty automaton"),
        (ARCS, FINALS, -1, "found an empty automaton"),
        ([(0, 0, 0, 0.1)], {}, 0, r"arc 0: expected labels of 1 or more \(pdf \+ 1\), found 0"),
        ([(0, 1, 1, 0.1)], {}, 0, "state 1: .* more than 0 and less than 100, found 0;"),
        ([(0, 0, 1, -5.0)], {}, 0, "state 0: .* found 148.4;"),
        ([(0, 0, 1, math.nan)], {}, 0, "state 0: .* found nan;"),
        ([(0, 1, 1, 0.1)], {1: 0.0}, 0, "found a dead end"),
    ],
)
def test_what_is_no_denominator(
    arcs: list[tuple[int, int, int, float]], finals: dict[int, float], start: int, message: str
) -> None:
    with pytest.raises(ModelFormatError, match=rf"^den\.fst: {message}|^den\.fst: expected .*{message}"):
        denominator_graph(fst_of(arcs, finals, start=start), "den.fst")


def test_graph_of_kaldi() -> None:
    graph = read_denominator(str(DATA / "den.fst"))
    assert (graph.num_states, len(graph.pdfs), graph.pdfs.min(), graph.pdfs.max()) == (165, 416, 0, 55)
    assert graph.initial_probabilities.sum() == pytest.approx(1, abs=1e-6)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="no such file"):
        read_denominator(str(tmp_path / "den.fst"))
    (tmp_path / "x").write_text("0 1 2 3")
    with pytest.raises(TableFormatError, match="expected an automaton of OpenFst"):
        read_denominator(str(tmp_path / "x"))
