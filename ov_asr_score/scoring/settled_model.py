"""A configured model fitted to the utterances at hand: its axes settled, its other inputs filled in.

Tests: tests/scoring/axes/test_usual_model.py, tests/scoring/test_filling.py
"""

from __future__ import annotations

import time
from dataclasses import replace

from ov_asr_score.device.graph_repair import repair_memory_concats
from ov_asr_score.errors import ShapeMismatchError, UnsupportedModelError
from ov_asr_score.ov_model.after_network import add_after_network, takes_after_network
from ov_asr_score.ov_model.filled_inputs.fillings import NOTHING_TO_FILL
from ov_asr_score.ports import shape_text
from ov_asr_score.scoring.axes.known_axes import UnsettledModel
from ov_asr_score.scoring.axes.usual_model import usual_model
from ov_asr_score.scoring.input_fit import fit_inputs
from ov_asr_score.scoring.model_loading import ConfiguredModel
from ov_asr_score.scoring.requests.windows.chunk_windows import fit_converted
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.scoring.trials.mask_polarity import check_masks
from ov_asr_score.scoring.utterances.joining import Utterance


def settle_model(configured: ConfiguredModel, first: Utterance | None, options: ScorerOptions) -> ConfiguredModel:
    """The model with the usual order of axes for utterances like ``first`` (None: as its shapes alone have them).

    Its ``fits`` say what each input takes. Inputs of its filling are gone: they are states and values in its graph.
    What ``options`` ask to be done to scores is done in the graph. Raises what
    :func:`ov_asr_score.scoring.axes.settling.settle_axes` and
    :func:`ov_asr_score.ov_model.after_network.add_after_network` raise, and UsageError for a mask of which a trial does
    not say whether ones let frames count.
    """
    if configured.fits is not None:
        return configured
    if configured.model is None:
        _check_blob_outputs(configured)
        return replace(configured, fits=fit_inputs(configured.inputs, first))
    if configured.loaded.conversion is not None:
        fitted = replace(configured, fits=fit_converted(configured.inputs))
        return _with_scores_as_asked(configured, fitted, options)
    started = time.perf_counter()
    try:
        settled = _with_settled_axes(configured, first, repair=options.repair_graph)
    except (UnsupportedModelError, ShapeMismatchError):
        # Without features there is nothing to score; what is exported keeps the shapes that the model has.
        if first is not None or configured.filling:
            raise
        settled = replace(configured, fits=fit_inputs(configured.inputs, None))
    settled = _with_scores_as_asked(configured, settled, options)
    return replace(settled, seconds=configured.seconds + time.perf_counter() - started)


def _check_blob_outputs(configured: ConfiguredModel) -> None:
    """Raise UnsupportedModelError for an output of a blob whose rows lie behind their values: it cannot be turned."""
    for number in configured.wanted:
        port = configured.outputs[number]
        shape = port.shape or ()
        if shape[-1:] == (None,) and any(length not in (None, 1) for length in shape):
            raise UnsupportedModelError(
                f"{configured.loaded.path}: output '{port.name}' {shape_text(shape)}: frames lie along its last axis; "
                "export the model with this package, which transposes it"
            )


def _with_settled_axes(configured: ConfiguredModel, first: Utterance | None, *, repair: bool) -> ConfiguredModel:
    model, plan = configured.model, configured.filling
    features = {} if first is None else first.features
    unsettled = UnsettledModel(model, configured.inputs, configured.outputs, configured.chosen, configured.known, plan)
    usual = usual_model(unsettled, features)
    mask_notes = check_masks(configured.loaded.core, model, plan, usual.requests)
    if plan and repair:
        repair_memory_concats(usual.model)  # a state may be right behind an input
    return replace(
        configured,
        model=usual.model,
        inputs=usual.inputs,
        outputs=usual.outputs,
        wanted=usual.wanted,
        notes=(*configured.notes, *(f"{note}{mask_notes.get(note, '')}" for note in usual.notes)),
        filling=NOTHING_TO_FILL,
        vectors=usual.vectors,
        fits=usual.fits,
    )


def _with_scores_as_asked(
    configured: ConfiguredModel, settled: ConfiguredModel, options: ScorerOptions
) -> ConfiguredModel:
    """The model with its scores, but not those of inner layers, changed as ``options`` ask."""
    loaded = configured.loaded
    if settled.model is None or loaded.model is None or loaded.kind == "kaldi":
        return settled
    if not takes_after_network(loaded.conversion, options.kaldi):
        return settled
    count, states = len(loaded.model.outputs), configured.filling.outputs
    scores = [
        number
        for want, number in zip(configured.chosen, settled.wanted, strict=True)
        if want.number < count and want.name not in states
    ]
    model = settled.model.clone()
    add_after_network(model, scores, options.kaldi, str(loaded.path))
    return replace(settled, model=model)
