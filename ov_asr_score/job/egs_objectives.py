"""The objectives of all outputs of a network, added up over training examples.

Tests: tests/job/test_egs_prob.py, tests/egs/test_kaldi_figures.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import nan

import numpy as np

from ov_asr_score.egs.chain.chain_objective import chain_objective, forgetting_term, xent_log_probability
from ov_asr_score.egs.chain.denominator import DenominatorGraph, read_denominator
from ov_asr_score.egs.example import ChainOutput, Example, ExampleIo, FloatMatrix, Labels, SparseLabels
from ov_asr_score.egs.objective import ObjectiveSums, ObjectiveType, frame_objective
from ov_asr_score.errors import OvAsrScoreError, ShapeMismatchError, UnknownNameError, UnsupportedModelError, UsageError
from ov_asr_score.kaldi_model.components.type_table import find_type
from ov_asr_score.kaldi_model.dims import node_dim
from ov_asr_score.kaldi_model.network import KaldiNetwork
from ov_asr_score.report.data.egs_prob import FigureName, OutputObjective
from ov_asr_score.scoring.examples.example_scorer import ExampleScorer
from ov_asr_score.scoring.examples.sequences import ScoresWanted
from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.egs_prob import EgsProbJob
from ov_asr_score.text import did_you_mean, near_names

_FIGURES: Mapping[ObjectiveType, FigureName] = {
    "linear": "log-likelihood",
    "quadratic": "objective",
    "log of probabilities": "probability",
}
_NOT_COMPUTED = "__"  # begins the names of inputs that are no inputs of the network
_POSTERIORS = "__LWF-posteriors"
_XENT = "-xent"


@dataclass(slots=True)
class _OutputTotal:
    """What has been added up for one output; ``l2_term`` and ``forgetting_term`` are parts of chain objectives."""

    figure: FigureName
    sums: ObjectiveSums = field(default_factory=ObjectiveSums)
    l2_term: float = 0.0
    forgetting_term: float = 0.0


class ExampleObjectives:
    """Scores examples batch by batch and adds up the objective of each output."""

    def __init__(self, network: KaldiNetwork, job: EgsProbJob) -> None:
        """Read the denominator graph if the job has one. Raises what reading it raises."""
        self._network, self._job = network, job
        self._scorer = ExampleScorer(network, DeviceSettings(), allow_nonfinite=job.allow_nonfinite)
        self._inputs = {node.name for node in network.inputs}
        self._outputs = {node.name: node for node in network.outputs}
        self._dims = {name: node_dim(network, name) for name in self._outputs}
        self._totals: dict[str, _OutputTotal] = {}
        self._not_finite = 0
        self._num_broken, self._first_broken = 0, ""
        self._graph: DenominatorGraph | None = None
        if job.chain.den_fst:
            self._graph = read_denominator(job.chain.den_fst, allow_commands=job.allow_commands)

    @property
    def num_sequences(self) -> int:
        """Sequences in all examples so far."""
        return self._scorer.num_sequences

    @property
    def num_graphs(self) -> int:
        """Graphs that were made so far."""
        return self._scorer.num_graphs

    def add(self, examples: Sequence[Example]) -> None:
        """Score examples of one kind and add up their objectives.

        Raises UsageError (chain examples and no denominator graph), UnknownNameError (an input or output that the
        network lacks), ShapeMismatchError (labels for another number of classes), and what scoring raises.
        """
        wanted = [self._wanted(example) for example in examples]
        for number, scores in self._scorer.score(wanted):
            with np.errstate(all="ignore"):  # what is not finite shows in the figures
                self._add_example(examples[number], scores)

    def _add_example(self, example: Example, scores: Mapping[str, FloatMatrix]) -> None:
        self._add_frames(example, scores)
        if self._graph is None:
            return
        for output in example.chain_outputs:
            try:
                self._add_chain(example, output, scores, self._graph)
            except OvAsrScoreError as error:
                raise type(error)(f"{example.place}: {error}", fields=error.fields) from error

    def outputs(self) -> list[OutputObjective]:
        """The figures of all outputs so far."""
        return [_output(name, total) for name, total in self._totals.items()]

    def notes(self) -> list[str]:
        """What to tell of all of it."""
        notes = [self._scorer.nonfinite_note] if self._scorer.nonfinite_note else []
        if self._num_broken:
            plural = "s" if self._num_broken > 1 else ""
            notes.append(
                f"features that are not finite in {self._num_broken} example{plural}, first in {self._first_broken}; "
                "figures may be finite where Kaldi's are nan"
            )
        if self._not_finite:
            plural = "s" if self._not_finite > 1 else ""
            notes.append(f"{self._not_finite} objective{plural} of chain examples not finite, counted as -10 per frame")
        names = sorted({part.type for part in self._network.components.values()})
        random = [name for name in names if (kind := find_type(self._network.generation, name)) and kind.is_random]
        if random:
            notes.append(f"nnet-compute-prob leaves {' and '.join(random)} random, so that its log differs from this")
        return notes

    def _wanted(self, example: Example) -> ScoresWanted:
        if example.kind == "chain" and self._graph is None:
            raise UsageError(
                f"{example.place}: an example of chain training, whose objective needs the denominator graph; give "
                "den_fst, the den.fst of the experiment",
                fields=("den_fst",),
            )
        inputs, outputs = {}, {}
        may_hold_outputs = example.kind != "chain"
        for io in example.ios:
            if io.name in self._inputs:
                inputs[io.name] = (io.indexes, _full(io.features))
            elif may_hold_outputs and io.name in self._outputs:
                outputs[io.name] = io.indexes
            elif may_hold_outputs or not io.name.startswith(_NOT_COMPUTED):
                raise self._unknown(example, io.name, [*self._inputs, *(self._outputs if may_hold_outputs else ())])
        for output in example.chain_outputs:
            for name in self._chain_names(output):
                if name not in self._outputs:
                    raise self._unknown(example, name, list(self._outputs))
                outputs[name] = output.indexes
        if not inputs or not outputs:
            missing = "an output" if inputs else "an input"
            names = ", ".join(sorted(self._outputs if inputs else self._inputs))
            raise UnknownNameError(
                f"{example.place}: expected {missing} of {self._network.source} ({names}), found none"
            )
        if not all(np.isfinite(features).all() for _, features in inputs.values()):
            self._num_broken += 1
            self._first_broken = self._first_broken or example.place
        return ScoresWanted(example.place, inputs, outputs)

    def _chain_names(self, output: ChainOutput) -> Iterator[str]:
        yield output.name
        if self._job.chain.xent_regularize:
            yield output.name + _XENT

    def _unknown(self, example: Example, name: str, known: Sequence[str]) -> UnknownNameError:
        near = did_you_mean([f"'{near}'" for near in near_names(name, known)])
        names = ", ".join(known) or "nothing of the kind"
        return UnknownNameError(f"{example.place}: has '{name}', {self._network.source} has {names}{near}")

    def _add_frames(self, example: Example, scores: Mapping[str, FloatMatrix]) -> None:
        for io in example.ios:
            if io.name not in scores:
                continue
            values = scores[io.name]
            self._check_labels(example, io, values.shape[1])
            kind = "log of probabilities" if example.kind == "nnet2" else self._outputs[io.name].objective
            if kind == "log of probabilities" and (values < 0).any():
                raise UnsupportedModelError(
                    f"{self._network.source}: output '{io.name}' has values below 0; expected probabilities, as a "
                    "network of nnet2 has that ends in a softmax"
                )
            self._total(io.name, _FIGURES[kind]).sums += frame_objective(values, io.features, kind)

    def _check_labels(self, example: Example, io: ExampleIo, width: int) -> None:
        columns = io.features.shape[1]
        if example.kind == "nnet2" and isinstance(io.features, SparseLabels):
            # nnet2's examples do not say how many pdfs there are.
            columns = max(width, int(io.features.columns.max(initial=-1)) + 1)
        if columns != width:
            raise ShapeMismatchError(
                f"{example.place}: labels for {columns} classes, output '{io.name}' of {self._network.source} has "
                f"{width}; are the examples of another tree?"
            )

    def _add_chain(
        self, example: Example, output: ChainOutput, scores: Mapping[str, FloatMatrix], graph: DenominatorGraph
    ) -> None:
        settings, supervision = self._job.chain, output.supervision
        shape = (supervision.frames_per_sequence, supervision.num_sequences, -1)
        values = scores[output.name].reshape(shape)
        found = chain_objective(
            values,
            supervision,
            graph,
            leaky_hmm_coefficient=settings.leaky_hmm_coefficient,
            l2_regularize=settings.l2_regularize,
            with_posteriors=bool(settings.xent_regularize),
        )
        self._not_finite += not found.is_finite
        total = self._total(output.name, "log-probability")
        total.sums += ObjectiveSums(found.log_probability, found.weight)
        total.l2_term += found.l2_term
        posteriors = next((io.features for io in example.ios if io.name == _POSTERIORS), None)
        if posteriors is not None:
            total.forgetting_term += forgetting_term(values, _full(posteriors))
        if settings.xent_regularize:
            name = output.name + _XENT
            cross_entropy = xent_log_probability(scores[name].reshape(shape), found)
            self._total(name, "log-probability").sums += ObjectiveSums(cross_entropy, found.weight)

    def _total(self, name: str, figure: FigureName) -> _OutputTotal:
        return self._totals.setdefault(name, _OutputTotal(figure))


def _output(name: str, total: _OutputTotal) -> OutputObjective:
    sums, is_chain = total.sums, total.figure == "log-probability"
    objective = sums.objective + total.l2_term
    accuracy = sums.correct / sums.accuracy_weight if sums.accuracy_weight else nan
    return OutputObjective(
        name=name,
        figure=total.figure,
        per_frame=objective / sums.weight if sums.weight else nan,
        frames=sums.weight,
        accuracy=None if is_chain else accuracy,
        accuracy_frames=sums.accuracy_weight,
        l2_term=total.l2_term / sums.weight if total.l2_term and sums.weight else None,
        forgetting_term=total.forgetting_term / sums.weight if total.forgetting_term and sums.weight else None,
    )


def _full(values: Labels) -> FloatMatrix:
    if not isinstance(values, SparseLabels):
        return values
    full = np.zeros(values.shape, np.float32)
    full[np.repeat(np.arange(len(full)), np.diff(values.starts)), values.columns] = values.values
    return full
