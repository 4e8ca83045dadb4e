"""The chain objective (LF-MMI) of an example, and the terms that Kaldi logs beside it.

Sources: chain/chain-training.cc (``ComputeChainObjfAndDeriv``), nnet3/nnet-chain-diagnostics.cc.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.egs.chain.denominator import DenominatorGraph, denominator_log_probability
from ov_asr_score.egs.chain.numerator import numerator
from ov_asr_score.egs.chain.supervision import ChainSupervision
from ov_asr_score.errors import ShapeMismatchError

FloatArray: TypeAlias = NDArray[np.float32]

# What Kaldi counts for each frame of an example whose objective is not finite.
_FAILED_PER_FRAME = -10.0


@dataclass(frozen=True, slots=True, eq=False)
class ChainObjective:
    """Sums over all frames of an example; sums of examples divided by the sum of ``weight`` are what Kaldi logs."""

    weight: float
    log_probability: float  # numerator minus denominator
    l2_term: float  # added to it, 0 without l2_regularize
    posteriors: FloatArray | None  # [frames, sequences, pdfs] of the numerator, times the weight of the supervision
    is_finite: bool  # False: the objective was not, and counts as -10 per frame


def chain_objective(
    scores: FloatArray,
    supervision: ChainSupervision,
    graph: DenominatorGraph,
    *,
    leaky_hmm_coefficient: float = 1e-5,
    l2_regularize: float = 0.0,
    with_posteriors: bool = False,
) -> ChainObjective:
    """Objective of ``scores`` [frames, sequences, pdfs], the output of the network for an example.

    The defaults are those of nnet3-chain-compute-prob; recipes pass the values of the training, mostly 0.1 and 5e-5.
    ``with_posteriors`` is for ``xent_log_probability``. Raises ShapeMismatchError and TableFormatError.
    """
    _check_shape(scores, supervision)
    scores = np.ascontiguousarray(scores, np.float32)
    denominator = supervision.weight * denominator_log_probability(scores, graph, leaky_hmm_coefficient)
    right = numerator(scores, supervision, with_posteriors=with_posteriors)
    # Kaldi leaves the weight away here if the supervision is end-to-end.
    factor = 1.0 if supervision.is_end_to_end else supervision.weight
    log_probability = factor * right.log_probability - denominator
    is_finite = bool(np.isfinite(log_probability))
    posteriors = right.posteriors * np.float32(supervision.weight) if right.posteriors is not None else None
    if not is_finite:
        log_probability = _FAILED_PER_FRAME * supervision.frames_weight
        posteriors = np.zeros_like(scores) if with_posteriors else None
    l2_term = 0.0
    if l2_regularize and (np.isfinite(right.log_probability) or not supervision.is_end_to_end):
        with np.errstate(over="ignore"):
            l2_term = -0.5 * supervision.weight * l2_regularize * float(np.square(scores, dtype=np.float64).sum())
    return ChainObjective(supervision.frames_weight, log_probability, l2_term, posteriors, is_finite)


def xent_log_probability(scores: FloatArray, objective: ChainObjective) -> float:
    """Cross-entropy term of the scores [frames, sequences, pdfs] of the output ``…-xent``, a sum over all frames.

    Its targets are the posteriors of the numerator; its weight is that of ``objective``. Kaldi logs it with
    ``--xent-regularize``, as log-probability of ``output-xent``.
    """
    if objective.posteriors is None or objective.posteriors.shape != scores.shape:
        expected = "posteriors" if objective.posteriors is None else _shape(objective.posteriors.shape)
        raise ShapeMismatchError(f"xent output: expected {expected}, found {_shape(scores.shape)}")
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.sum(scores * objective.posteriors, dtype=np.float64))


def forgetting_term(scores: FloatArray, posteriors: FloatArray) -> float:
    """Term of learning without forgetting: ``posteriors`` [sequences * frames, pdfs] of another model times the scores.

    They are the input ``__LWF-posteriors`` of an example, sequence by sequence, as probabilities or their logarithms;
    ``scores`` are [frames, sequences, pdfs]. Raises ShapeMismatchError.
    """
    frames, sequences, num_pdfs = scores.shape
    if posteriors.shape != (sequences * frames, num_pdfs):
        raise ShapeMismatchError(
            f"__LWF-posteriors: expected {_shape((sequences * frames, num_pdfs))}, found {_shape(posteriors.shape)}"
        )
    total = float(posteriors[0].sum())
    # The measure of equality is that of Kaldi's ApproxEqual.
    are_logarithms = not abs(total - 1.0) <= 0.1 * (abs(total) + 1.0)
    with np.errstate(over="ignore", invalid="ignore"):
        probabilities = np.exp(posteriors) if are_logarithms else posteriors
        in_order = probabilities.reshape(sequences, frames, num_pdfs).transpose(1, 0, 2)
        return float(np.sum(scores * in_order, dtype=np.float64))


def _check_shape(scores: FloatArray, supervision: ChainSupervision) -> None:
    expected = (supervision.frames_per_sequence, supervision.num_sequences, supervision.num_pdfs)
    if scores.shape != expected:
        raise ShapeMismatchError(
            f"supervision: expected scores of {_shape(expected)} (frames x sequences x pdfs), found "
            f"{_shape(scores.shape)}; the examples were made for a model with another number of pdfs"
        )


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
