"""Where two ways to compute the same scores part: every layer of a model beside the same layer elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import isnan, nan
from pathlib import Path

from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.convert.from_file import node_names
from ov_asr_score.device.reports import DeviceReport
from ov_asr_score.errors import ShapeMismatchError, UnsupportedModelError, UsageError
from ov_asr_score.job.layers.gna_layers import measure_gna
from ov_asr_score.job.layers.names import choose, choose_common, common_layers
from ov_asr_score.job.outputs.overwriting import check_files, input_files_read, kaldi_files_read, model_files_read
from ov_asr_score.job.run.report_files import new_report
from ov_asr_score.job.run.trial import TrialRun, open_trial
from ov_asr_score.kaldi_model.loading import load_network
from ov_asr_score.ov_model.file_kind import read_model_kind
from ov_asr_score.report.console.layers import LayerComparison, LayerDifference
from ov_asr_score.scoring.filling import plan_inputs
from ov_asr_score.scoring.model_loading import ConfiguredModel, LoadedModel, configure_model, load_model
from ov_asr_score.scoring.model_streams import keep_model_files
from ov_asr_score.scoring.plan import RowsPlan
from ov_asr_score.scoring.plans.sizing import is_frame_local
from ov_asr_score.scoring.recording.calibration import record_requests
from ov_asr_score.scoring.recording.layer_sums import LayerSums
from ov_asr_score.scoring.recording.layer_values import Side, compare_sides, match_inputs
from ov_asr_score.scoring.scorer_options import AutoTime, ScorerOptions, scorer_options
from ov_asr_score.scoring.settled_model import settle_model
from ov_asr_score.settings.kaldi import DEFAULT_OPTIONS
from ov_asr_score.settings.model_jobs import CompareLayersJob
from ov_asr_score.settings.path_map import parse_path_map

OnGroup = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class _Found:
    """What either way to compare gives; ``sides`` are facts of both devices."""

    layers: tuple[LayerDifference, ...]
    sides: tuple[dict[str, object], dict[str, object]]
    frames: int
    utterances: int
    notes: tuple[str, ...]
    only_in_reference: tuple[str, ...] = ()
    only_in_other: tuple[str, ...] = ()
    incomparable: tuple[str, ...] = ()
    groups: int = 1


def run_layer_comparison(job: CompareLayersJob, on_group: OnGroup | None = None) -> LayerComparison:
    """What became of every layer; ``on_group`` is told how many groups of how many are done.

    Raises UsageError (options), UnknownNameError (a layer that is not there), UnsupportedModelError (no common layer,
    a blob), ShapeMismatchError (other inputs), and what opening, reading and scoring raise.
    """
    started = time.perf_counter()
    _check(job)
    with keep_model_files(job.scoring, job.against_model):
        outcome = _against_gna(job) if job.against.gna_mode is not None else _side_by_side(job, on_group)
    below = [layer for layer in outcome.layers if not layer.signal_to_noise >= job.limit]
    blank = new_report(job.scoring.command)
    return LayerComparison(
        reference={"model": job.scoring.model, **outcome.sides[0]},
        other={"model": job.against_model or job.scoring.model, **outcome.sides[1]},
        limit=job.limit,
        utterances=outcome.utterances,
        frames=outcome.frames,
        layers=outcome.layers,
        first_below=below[0].name if below else None,
        only_in_reference=outcome.only_in_reference,
        only_in_other=outcome.only_in_other,
        incomparable=outcome.incomparable,
        groups=outcome.groups,
        notes=outcome.notes,
        total_seconds=time.perf_counter() - started,
        command=blank.command,
        tool_version=blank.tool_version,
        versions=blank.versions,
    )


def _check(job: CompareLayersJob) -> None:
    if job.max_utterances < 1:
        raise UsageError(f"max_utterances {job.max_utterances}: expected 1 or more", fields=("max_utterances",))
    if isnan(job.limit):
        raise UsageError(f"limit {job.limit}: expected decibels", fields=("limit",))
    if job.scoring.device.gna_mode is not None:
        raise UsageError(
            f"device {job.scoring.device.device}: the reference is computed in floats; give it as against "
            f"device={job.scoring.device.device}",
            fields=("device", "against"),
        )
    if not job.against_model and job.against == job.scoring.device:
        raise UsageError(
            "against, against_model: expected another device or precision, as in precision=bf16, or another model; "
            "both sides are the same",
            fields=("against", "against_model"),
        )


def _side_by_side(job: CompareLayersJob, on_group: OnGroup | None) -> _Found:
    model, other_model = job.scoring.model, job.against_model or job.scoring.model
    kinds = {path: read_model_kind(Path(path)) for path in (model, other_model)}
    # Recurrences of Kaldi models may go frame by frame where both sides are converted here.
    auto_time: AutoTime = "frame" if set(kinds.values()) == {"kaldi"} else "utterance"
    options = replace(scorer_options(job.scoring), auto_time=auto_time, keep_nodes=True)
    trial = open_trial(job.scoring, job.max_utterances, options, kinds[model])
    _check_report(job, trial)
    other_options = replace(options, model=other_model, device=job.against)
    if job.against_model:
        if kinds[other_model] != "kaldi" and other_model != model:
            other_options = replace(other_options, kaldi=DEFAULT_OPTIONS)
        other_loaded = load_model(other_options, kinds[other_model])
        _check_feeding(trial.model.loaded, other_loaded)
    else:
        other_loaded = trial.model.loaded
    reference = _side(trial.model, options)
    _, filling = plan_inputs(job.scoring, other_loaded)
    other_configured = configure_model(other_loaded, other_options, filling)
    other = _side(settle_model(other_configured, trial.utterances[0], other_options), other_options)
    match_inputs(reference, other)
    common = common_layers(reference, other)
    layers = choose_common(common, job.layers, reference, other)
    requests = record_requests(trial.model, _one_utterance_at_a_time(trial), trial.utterances)
    notes, conversion, frames = (
        (*trial.model.notes, *other_loaded.notes),
        trial.model.loaded.conversion,
        [utterance.num_frames for utterance in trial.utterances],
    )
    del trial  # and its compiled model
    chosen = [layer.name for layer in layers]
    compared = compare_sides(
        reference, other, chosen, requests, job.scoring.memory_limit, _warm_up(conversion), on_group
    )
    types = {layer.name: layer.type for layer in layers}
    differences = tuple(
        _difference(name, types[name], sums) for name, sums in compared.sums.items() if sums.other_shape is None
    )
    incomparable = tuple(name for name, sums in compared.sums.items() if sums.other_shape is not None)
    if not differences:
        raise UnsupportedModelError(
            f"{other.name}: no layer has values of the same shape as in {reference.name}: {', '.join(incomparable[:5])}"
        )
    all_notes = [*notes, *(note for device in compared.devices for note in device.precision_notes())]
    left_out = len(common.both) - len(layers)
    if left_out and not job.layers:
        all_notes.append(f"{left_out} layers that only move values are left out; the layers '*' include them")
    return _Found(
        differences,
        (_device_facts(compared.devices[0]), _device_facts(compared.devices[1])),
        sum(frames),
        len(frames),
        tuple(dict.fromkeys(all_notes)),
        common.only_in_reference,
        common.only_in_other,
        incomparable,
        compared.groups,
    )


def _against_gna(job: CompareLayersJob) -> _Found:
    """GNA has layers of its own, each of which is known in floats, too."""
    scoring = job.scoring
    if job.against_model:
        raise UsageError(
            f"against device={job.against.device}: has no other model; leave against_model out",
            fields=("against", "against_model"),
        )
    if scoring.device.device != "CPU" or scoring.device.precision != "f32":
        raise UsageError(
            f"against device={job.against.device}: its layers are compared with those in f32 on the CPU",
            fields=("against",),
        )
    options = replace(scorer_options(scoring), device=job.against)
    measured = measure_gna(scoring, options, job.max_utterances, lambda trial: _check_report(job, trial))
    layers = choose(measured.layers, job.layers)
    floats: dict[str, object] = {"device": "CPU", "precision": "f32"}
    return _Found(
        tuple(layer for layer in layers if layer.values),
        (floats, measured.device),
        measured.frames,
        measured.utterances,
        measured.notes,
    )


def _check_feeding(reference: LoadedModel, other: LoadedModel) -> None:
    """Raise ShapeMismatchError where the requests of one model mean something else to the other."""
    ours, theirs = _feeding(reference), _feeding(other)
    if ours != theirs:
        raise ShapeMismatchError(
            f"{other.path}: takes {theirs}, and {reference.path} takes {ours}; expected two models that are fed in the "
            "same way (of Kaldi models: time and chunks), so that their layers see the same frames",
            fields=("time",),
        )


def _feeding(loaded: LoadedModel) -> str:
    conversion = loaded.conversion
    states = loaded.model is not None and bool(loaded.model.get_sinks())
    if conversion is None:
        return "features as they are" + (" and has variables" if states else "")
    if conversion.time == "chunk":
        return f"chunks of {conversion.frames_per_chunk} frames"
    if conversion.time == "vector":
        chunks = f"in chunks of {conversion.frames_per_chunk} frames" if conversion.frames_per_chunk else "whole"
        return f"utterances {chunks}, one vector each"
    if conversion.time == "frame":
        each, before = conversion.frames_per_request, conversion.fed_before
        return (
            f"frames in order ({each} a request, the first {before} times more, scores {conversion.delay} frames late)"
        )
    return "whole utterances"


def _side(configured: ConfiguredModel, options: ScorerOptions) -> Side:
    if configured.model is None:
        raise UnsupportedModelError(f"{options.model}: is compiled already; its layers cannot be taken out")
    # Of a graph that was converted from a Kaldi model nobody knows any other names than those of its nodes.
    names = node_names(load_network(options.model)) if configured.loaded.kind == "kaldi" else None
    return Side(options.model, configured.loaded.core, configured.model, options.device, names)


def _one_utterance_at_a_time(trial: TrialRun) -> ScorerOptions:
    """Options for requests that hold what depends on each other and nothing else: frames, or an utterance."""
    conversion = trial.model.loaded.conversion
    rows = (
        isinstance(trial.scorer.plan, RowsPlan)
        if conversion is None
        else conversion.time != "frame" and is_frame_local(conversion)
    )
    return replace(trial.options, batch_size=0 if rows else 1, requests=1)


def _warm_up(conversion: ConversionFacts | None) -> int:
    """Requests at the beginning of an utterance that give no scores yet: memories hold what is of no utterance."""
    return (
        -(-conversion.delay // conversion.frames_per_request)
        if conversion is not None and conversion.time == "frame"
        else 0
    )


def _check_report(job: CompareLayersJob, trial: TrialRun) -> None:
    written = [(option, path) for option, path in (("report", job.report), ("page", job.page)) if path]
    check_files(_read_by(job, trial), iter(written))


def _read_by(job: CompareLayersJob, trial: TrialRun) -> Iterator[tuple[str, str]]:
    yield from model_files_read("model", job.scoring.model)
    yield from model_files_read("against_model", job.against_model)
    yield from kaldi_files_read(job.scoring.kaldi)
    yield from input_files_read(trial.tables, parse_path_map(job.scoring.path_map))


def _difference(name: str, kind: str, sums: LayerSums) -> LayerDifference:
    return LayerDifference(
        name=name,
        type=kind,
        shape=sums.shape or (),
        values=sums.count + sums.broken,
        signal_to_noise=sums.signal_to_noise if sums.count or sums.broken else nan,
        rms=sums.rms,
        largest=sums.largest,
        reference_rms=sums.reference_rms,
        broken=sums.broken,
    )


def _device_facts(device: DeviceReport) -> dict[str, object]:
    return {"device": device.requested, "name": device.full_name, "precision": device.precision_used}
