"""From a Kaldi model file to a looped model on a device."""

from __future__ import annotations

from pathlib import Path

from ov_asr_score.convert.looped_conversion import load_looped_network
from ov_asr_score.device.compiled_model import compile_model
from ov_asr_score.errors import UsageError
from ov_asr_score.openvino_api import ov
from ov_asr_score.ov_model.file_kind import read_model_kind
from ov_asr_score.scoring.looped.looped_model import LoopedModel
from ov_asr_score.scoring.looped.utterance import LoopedShape
from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.kaldi import DEFAULT_OPTIONS, KaldiOptions
from ov_asr_score.settings.recognition.live import LoopedOptions

LARGE_STEP = 8
"""Chunks of an utterance that one request takes where so many are ready: whole files, long pieces."""


def compile_looped(
    model: str | Path,
    device: DeviceSettings | None = None,
    kaldi: KaldiOptions = DEFAULT_OPTIONS,
    options: LoopedOptions | None = None,
    *,
    large_step: int = LARGE_STEP,
    core: ov.Core | None = None,
) -> LoopedModel:
    """The network in a Kaldi model file, ready to score chunks of many utterances as Kaldi's online programs do.

    Scores are those of the network less the log priors that it holds, not scaled. ``large_step`` chunks go in one
    request where they are ready at once, 1: never; it changes no scores.

    Raises UsageError (options, or a model that is none of Kaldi's), UnsupportedModelError (a network that cannot be
    computed in chunks), and what reading and compiling raise. Source: nnet3/decodable-simple-looped.cc.
    """
    path = Path(model)
    if (kind := read_model_kind(path)) != "kaldi":
        raise UsageError(f"{path}: expected a Kaldi model to be computed in chunks, found {kind}")
    settings, core = device or DeviceSettings(), core or ov.Core()
    network = load_looped_network(path, kaldi, options or LoopedOptions())
    graph, facts = network.graph()
    if not facts.can_pad:
        # Of frames behind the right context a chunk has those that come with it: more in a request of several chunks.
        large_step = 1
    first_step = 1 if facts.can_pad else facts.delay // facts.frames_per_chunk + 1
    scores, *states = graph.outputs
    state_size = int(states[0].get_partial_shape()[1].get_length()) if states else 0
    shape = LoopedShape(
        feature_dim=network.feature_dim,
        ivector_dim=network.ivector_dim,
        num_pdfs=int(scores.get_partial_shape()[2].get_length()),
        frames_per_chunk=facts.frames_per_chunk,
        subsampling=network.factor,
        left_context=facts.left_context,
        right_context=facts.right_context,
        delay=facts.delay,
        state_size=state_size,
    )

    converted = {1: graph}

    def compile_steps(chunks: int, is_alone: bool) -> ov.CompiledModel:
        made = converted.pop(chunks) if chunks in converted else network.graph(chunks)[0]
        if is_alone:
            shapes = {port: list(port.get_partial_shape()) for port in made.inputs}
            made.reshape({port: ov.PartialShape([1, *dims[1:]]) for port, dims in shapes.items()})
        # Fusions of fixed shapes round otherwise: an utterance would get other digits alone than with others.
        return compile_model(core, made, settings, without_fusions=is_alone)

    return LoopedModel(
        shape,
        compile_steps,
        large_step=large_step,
        first_step=first_step,
        source=str(path),
    )
