"""The objective of real examples as nnet3-chain-compute-prob logs it, and its parts on small automata.

The files hold scores of a TDNN-F as features, and supervision of its own alignments: real.cegs three sequences with
weight 0.5, unconstrained.cegs one whose automaton has loops. A model whose output is its input, and whose output-xent
is the log-softmax of it, gave the figures.
"""

from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.egs.chain.chain_objective import chain_objective, forgetting_term, xent_log_probability
from ov_asr_score.egs.chain.denominator import denominator_graph, denominator_log_probability, read_denominator
from ov_asr_score.egs.chain.numerator import numerator
from ov_asr_score.errors import ShapeMismatchError
from tests.egs.chain.examples import DATA, log_softmax, read_example
from tests.egs.chain.graphs import Arc, fst_of, supervision_of

GRAPH = denominator_graph(fst_of([(0, 0, 1, 0.5), (0, 0, 2, 1.5)], {}), "den.fst")
ARCS: list[Arc] = [(0, 1, 1, 0.25), (0, 1, 2, 0.0), (1, 2, 2, 0.0)]
# Kaldi prints six digits, and computes in single precision.
PRINTED = 5e-6


@pytest.mark.parametrize(
    ("name", "weight", "leak", "l2", "log_probability", "l2_term", "xent"),
    [
        ("real", 12, 1e-5, 0.0, -0.102335, 0.0, -0.730562),
        ("real", 12, 0.1, 5e-5, -0.145239, -0.00140927, -0.730562),
        ("unconstrained", 8, 1e-5, 0.0, -0.0411236, 0.0, -0.855117),
        ("unconstrained", 8, 0.1, 5e-5, -0.0688171, -0.00145161, -0.855117),
    ],
)
def test_figures_of_kaldi(
    name: str, weight: float, leak: float, l2: float, log_probability: float, l2_term: float, xent: float
) -> None:
    scores, supervision = read_example(DATA / f"{name}.cegs")
    found = chain_objective(
        scores,
        supervision,
        read_denominator(str(DATA / "den.fst")),
        leaky_hmm_coefficient=leak,
        l2_regularize=l2,
        with_posteriors=True,
    )
    assert found.is_finite
    assert found.weight == weight
    assert found.log_probability / weight == pytest.approx(log_probability, rel=PRINTED)
    assert found.l2_term / weight == pytest.approx(l2_term, rel=PRINTED)
    assert xent_log_probability(log_softmax(scores), found) / weight == pytest.approx(xent, rel=PRINTED)


@pytest.mark.parametrize(("is_end_to_end", "factor"), [(False, 0.5), (True, 1.0)])
def test_weight(is_end_to_end: bool, factor: float) -> None:
    """Kaldi forgets the weight of an end-to-end supervision in its numerator, but not elsewhere."""
    scores = np.array([[[0.5, 1.0]], [[-1.0, 2.0]]], np.float32)
    fst = fst_of(ARCS, {2: 0.0})
    supervision = supervision_of(fst, frames=2, pdfs=2, weight=0.5, is_end_to_end=is_end_to_end)
    found = chain_objective(scores, supervision, GRAPH, l2_regularize=0.1, with_posteriors=True)
    right = numerator(scores, supervision, with_posteriors=True)
    expected = factor * right.log_probability - 0.5 * denominator_log_probability(scores, GRAPH, 1e-5)
    assert found.log_probability == pytest.approx(expected, rel=1e-6)
    assert found.l2_term == pytest.approx(-0.5 * 0.5 * 0.1 * (0.25 + 1 + 1 + 4))
    assert found.weight == 1.0
    assert right.posteriors is not None and found.posteriors is not None
    np.testing.assert_allclose(found.posteriors, 0.5 * right.posteriors)


@pytest.mark.parametrize(("is_end_to_end", "l2_term"), [(False, -0.05), (True, 0.0)])
def test_objective_that_is_not_finite_counts_ten(is_end_to_end: bool, l2_term: float) -> None:
    scores = np.array([[[np.nan, np.nan]], [[1.0, 0.0]]], np.float32)
    supervision = supervision_of(fst_of(ARCS, {2: 0.0}), frames=2, pdfs=2, weight=0.5, is_end_to_end=is_end_to_end)
    # Its only path is impossible.
    barred = fst_of([(0, 1, 1, np.inf), (1, 2, 2, 0.0)], {2: 0.0})
    unreachable = supervision_of(barred, frames=2, pdfs=2, weight=0.5, is_end_to_end=is_end_to_end)
    found = chain_objective(scores, supervision, GRAPH, with_posteriors=True)
    assert not found.is_finite
    assert found.log_probability == -10.0
    assert found.posteriors is not None and not found.posteriors.any()
    # Only the numerator of an end-to-end supervision withholds the other term.
    regular = np.array([[[-np.inf, -np.inf]], [[1.0, 0.0]]], np.float32)
    assert chain_objective(regular, supervision, GRAPH).log_probability == -10.0
    found = chain_objective(np.nan_to_num(scores), unreachable, GRAPH, l2_regularize=0.1)
    assert found.log_probability == -10.0
    assert found.l2_term == pytest.approx(l2_term / 2)


def test_shapes_that_do_not_fit() -> None:
    supervision = supervision_of(fst_of(ARCS, {2: 0.0}), frames=2, pdfs=2)
    with pytest.raises(ShapeMismatchError, match=r"expected scores of 2 x 1 x 2 .*, found 2 x 1 x 3"):
        chain_objective(np.zeros((2, 1, 3), np.float32), supervision, GRAPH)
    found = chain_objective(np.zeros((2, 1, 2), np.float32), supervision, GRAPH)
    with pytest.raises(ShapeMismatchError, match="xent output: expected posteriors"):
        xent_log_probability(np.zeros((2, 1, 2), np.float32), found)
    with pytest.raises(ShapeMismatchError, match="__LWF-posteriors: expected 2 x 2, found 3 x 2"):
        forgetting_term(np.zeros((2, 1, 2), np.float32), np.zeros((3, 2), np.float32))


@pytest.mark.parametrize("as_logarithms", [False, True])
def test_learning_without_forgetting(as_logarithms: bool) -> None:
    rng = np.random.default_rng(3)
    scores = rng.normal(size=(3, 2, 4)).astype(np.float32)
    posteriors = rng.dirichlet(np.ones(4), (2, 3)).astype(np.float32)
    expected = sum(float(scores[t, n] @ posteriors[n, t]) for t in range(3) for n in range(2))
    given = posteriors.reshape(6, 4)
    assert forgetting_term(scores, np.log(given) if as_logarithms else given) == pytest.approx(expected, rel=1e-5)
