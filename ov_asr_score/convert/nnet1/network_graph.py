"""The graph of an nnet1 network: a chain of functions of the whole utterance."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ov_asr_score.convert.convert_options import ConvertOptions
from ov_asr_score.convert.facts import FRAMES_LEFT_INPUT, ConversionFacts
from ov_asr_score.convert.graph.output_scores import adjust_scores
from ov_asr_score.convert.graph.streaming_axis import FrameAxis
from ov_asr_score.convert.layers.registry import find_layer
from ov_asr_score.convert.nnet1.chain_graph import build_values, chain_contexts
from ov_asr_score.convert.nnet1.streamed_chain import (
    Stream,
    aligned,
    chain_reach,
    chain_streams,
    frames_before,
    stream_problems,
)
from ov_asr_score.convert.rt_info import write_facts
from ov_asr_score.convert.tensors.named_ports import INNER_OUTPUT, named_parameter, named_result
from ov_asr_score.device.graph_repair import repair_memory_concats
from ov_asr_score.errors import UnsupportedModelError, UsageError
from ov_asr_score.kaldi_model.network import Component, ComponentNode, KaldiNetwork
from ov_asr_score.openvino_api import ov

logger = logging.getLogger(__name__)


def build_sequence_graph(network: KaldiNetwork, outputs: tuple[str, ...], options: ConvertOptions) -> ov.Model:
    """The model that gives one row of scores for each frame of an utterance, as nnet-forward does.

    It takes ``input`` [B, T, D]; with B above 1 all utterances have T frames. ``outputs`` are output nodes, or names of
    components with ``/output`` behind them. The contexts among its facts are those of spliced frames, without what the
    network remembers or averages over the utterance. Raises UnsupportedModelError, UsageError (options that nnet1
    does not have).
    """
    if options.frame_subsampling_factor != 1 or options.frames_per_chunk:
        raise UsageError(f"{network.source}: nnet1 models know no chunks and no frame subsampling")
    chain = _chain(network)
    if options.no_softmax:
        chain = _without_softmax(network, chain)
    wanted = [name.removesuffix(INNER_OUTPUT) for name in outputs]
    _check_wanted(network, chain, wanted)
    left, right = chain_contexts(chain)
    reach_left, reach_right = chain_reach(chain, left, right)
    facts = ConversionFacts(
        time=options.time,
        source=Path(network.source).name,
        source_sha256="",
        generation=1,
        left_context=left,
        right_context=right,
        reach_left=-1 if reach_left is None else reach_left,
        reach_right=-1 if reach_right is None else reach_right,
    )
    if options.time == "frame":
        return _frame_graph(network, chain, wanted, options, facts)
    features = named_parameter("input", [-1, -1, network.inputs[0].dim])
    values = build_values(chain, features.output(0), options.keep_nodes | frozenset(wanted))
    *_, last = values.values()
    results = [named_result(adjust_scores(network, values.get(name, last), options), name) for name in wanted]
    model = ov.Model(results, [features], Path(network.source).name)
    write_facts(model, facts)
    return model


def sequence_reach(network: KaldiNetwork) -> tuple[int | None, int | None]:
    """How many frames before and after its own a row of scores may depend on, None for any number."""
    chain = _chain(network)
    return chain_reach(chain, *chain_contexts(chain))


def _chain(network: KaldiNetwork) -> list[Component]:
    return [network.components[node.component] for node in network.nodes if isinstance(node, ComponentNode)]


def _frame_graph(
    network: KaldiNetwork,
    chain: Sequence[Component],
    wanted: Sequence[str],
    options: ConvertOptions,
    facts: ConversionFacts,
) -> ov.Model:
    """The graph for a few frames per request, with variables; nnet-forward has none that needs the whole utterance."""
    problems = stream_problems(chain)
    if problems:
        raise UnsupportedModelError(
            f"{network.source}: cannot be scored frame by frame: {', '.join(problems)} must see the whole utterance; "
            "leave time=frame out",
            fields=("time",),
        )
    frames, batch = max(options.frames_per_request, 1), options.batch
    features = named_parameter("input", [batch, frames, network.inputs[0].dim])
    frames_left = named_parameter(FRAMES_LEFT_INPUT, [batch, 1])
    axis = FrameAxis(frames, batch, 1, frames_left.output(0))
    before = frames_before(chain)
    start = Stream(features.output(0), -before, is_local=True)
    streams = chain_streams(chain, start, axis, options.keep_nodes | frozenset(wanted))
    *_, last = streams.values()
    chosen = aligned([streams.get(name, last) for name in wanted], axis)
    results = [
        named_result(adjust_scores(network, stream.output, options), name)
        for name, stream in zip(wanted, chosen, strict=True)
    ]
    parameters = [features, frames_left] if axis.uses_frames_left else [features]
    model = ov.Model(results, axis.sinks, parameters, Path(network.source).name)
    repair_memory_concats(model)
    write_facts(model, replace(facts, frames_per_request=frames, delay=-chosen[0].first, fed_before=before))
    return model


def _without_softmax(network: KaldiNetwork, chain: list[Component]) -> list[Component]:
    """The chain without the softmax at its end; with a warning if it ends otherwise, as in nnet-forward."""
    last = chain[-1]
    layer = find_layer(1, last.type)
    if layer is not None and layer.is_removable_softmax:
        return chain[:-1]
    logger.warning(
        "%s: no_softmax removed nothing, the last component '%s' is %s", network.source, last.name, last.type
    )
    return chain


def _check_wanted(network: KaldiNetwork, chain: Sequence[Component], wanted: Sequence[str]) -> None:
    """Scores of a component that ``RemoveLastComponent`` of nnet-forward takes away cannot be had."""
    left = {component.name for component in chain} | {node.name for node in network.outputs}
    removed = next((name for name in wanted if name not in left), None)
    if removed is not None:
        raise UsageError(
            f"{network.source}: scores of '{removed}' are asked for, and no_softmax, which removes it",
            fields=("no_softmax",),
        )
