"""The objective of a Kaldi model on training examples, as nnet-compute-prob and nnet3-compute-prob log it.

Sources: nnet2bin/nnet-compute-prob.cc, nnet3/nnet-diagnostics.cc, nnet3/nnet-chain-diagnostics.cc.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from math import nan

from ov_asr_score.egs.example import Example, ExampleKind
from ov_asr_score.egs.example_table import read_examples
from ov_asr_score.errors import TableFormatError, UnsupportedModelError, UsageError
from ov_asr_score.job.egs_objectives import ExampleObjectives
from ov_asr_score.job.outputs.overwriting import check_files, files_read
from ov_asr_score.job.run.report_files import new_report
from ov_asr_score.kaldi_io import atomic_output
from ov_asr_score.kaldi_io.files.input import keep_inputs
from ov_asr_score.kaldi_model.loading import load_network
from ov_asr_score.kaldi_model.network import KaldiNetwork
from ov_asr_score.report.console.egs_prob import egs_prob_as_dict
from ov_asr_score.report.data.egs_prob import EgsProbReport, OutputObjective
from ov_asr_score.settings.egs_prob import EgsProbJob

_BATCH_BYTES = 64 << 20
_GENERATION = {"nnet2": 2, "nnet3": 3, "chain": 3}


def run_egs_prob(job: EgsProbJob) -> EgsProbReport:
    """The figures of all outputs; written as JSON, too, if ``job.report`` names a file.

    Raises UsageError (options that do not fit, chain examples without a denominator graph), UnsupportedModelError
    (nnet1, examples of another generation, components that cannot be converted), ShapeMismatchError, and what reading
    models and tables raises.
    """
    started = time.perf_counter()
    _check(job)
    with keep_inputs((job.model,), allow_commands=job.allow_commands):
        network = load_network(job.model)
    if network.generation == 1:
        raise UnsupportedModelError(
            f"{job.model}: a network of nnet1, which has no examples; expected nnet2 or nnet3 (score it, and compare)"
        )
    objectives = ExampleObjectives(network, job)
    kind: ExampleKind | None = None
    count = 0
    for batch in _batches(job):
        for example in batch:
            kind = _checked_kind(network, example, kind)
        objectives.add(batch)
        count += len(batch)
    report = _report(job, objectives, kind or ("nnet2" if network.generation == 2 else "nnet3"), count, started)
    if job.report:
        with atomic_output(job.report, "w") as file:
            json.dump(egs_prob_as_dict(report), file, indent=1, allow_nan=False)
            file.write("\n")
    return report


def _check(job: EgsProbJob) -> None:
    if not job.examples:
        raise UsageError("examples: expected a table of examples", fields=("examples",))
    read = [("model", job.model), ("den_fst", job.chain.den_fst)]
    read += [pair for table in job.examples for pair in files_read("examples", table)]
    check_files(iter(read), iter([("report", job.report)] if job.report else []))


def _batches(job: EgsProbJob) -> Iterator[list[Example]]:
    """All examples of all tables, as many at a time as may be in memory together."""
    batch: list[Example] = []
    num_bytes = 0
    for table in job.examples:
        for example in read_examples(table, allow_commands=job.allow_commands):
            batch.append(example)
            num_bytes += example.num_bytes
            if num_bytes >= _BATCH_BYTES:
                yield batch
                batch, num_bytes = [], 0
    if batch:
        yield batch


def _checked_kind(network: KaldiNetwork, example: Example, kind: ExampleKind | None) -> ExampleKind:
    if kind not in (None, example.kind):
        raise TableFormatError(
            f"{example.place}: expected an example of {kind} as before it, found one of {example.kind}"
        )
    if _GENERATION[example.kind] != network.generation:
        raise UnsupportedModelError(
            f"{example.place}: an example of {example.kind}; {network.source} is a network of nnet{network.generation}"
        )
    return example.kind


def _report(
    job: EgsProbJob, objectives: ExampleObjectives, kind: ExampleKind, count: int, started: float
) -> EgsProbReport:
    outputs = objectives.outputs()
    blank = new_report(job.command)
    return EgsProbReport(
        model=job.model,
        kind=kind,
        tables=list(job.examples),
        examples=count,
        sequences=objectives.num_sequences,
        graphs=objectives.num_graphs,
        outputs=outputs,
        failures=_failures(job, outputs),
        notes=objectives.notes(),
        total_seconds=time.perf_counter() - started,
        command=blank.command,
        tool_version=blank.tool_version,
        versions=blank.versions,
    )


def _failures(job: EgsProbJob, outputs: Sequence[OutputObjective]) -> list[str]:
    """What is below a limit; NaN is below any. Kaldi's programs fail, too, if no output has weight."""
    failures = []
    if not any(output.frames > 0 for output in outputs):
        failures.append("the examples have no labels with a weight above 0" if outputs else "no examples")
    for output in outputs:
        if job.min_log_prob is not None and not output.per_frame >= job.min_log_prob:
            failures.append(f"{output.name}: {output.per_frame:.6g} per frame, expected {job.min_log_prob:g} or more")
        accuracy = nan if output.accuracy is None else output.accuracy
        if job.min_accuracy is not None and not accuracy >= job.min_accuracy:
            found = "no accuracy" if output.accuracy is None else f"an accuracy of {accuracy:.6g}"
            failures.append(f"{output.name}: {found}, expected {job.min_accuracy:g} or more")
    return failures
