"""The graph of an nnet1 network: a chain of functions of the whole utterance."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.convert.metadata import write_facts
from ov_asr_score.convert.nnet1_chain import build_values
from ov_asr_score.convert.nnet1_limits import chain_contexts
from ov_asr_score.convert.options import ConvertOptions
from ov_asr_score.convert.scores import adjust_scores
from ov_asr_score.convert.support import check_supported
from ov_asr_score.errors import UsageError
from ov_asr_score.kaldi_model.network import Component, ComponentNode, KaldiNetwork
from ov_asr_score.openvino_api import opset, ov

logger = logging.getLogger(__name__)

_OUTPUT_SUFFIX = "/output"


def build_sequence_graph(network: KaldiNetwork, outputs: tuple[str, ...], options: ConvertOptions) -> ov.Model:
    """The model that gives one row of scores for each frame of an utterance, as nnet-forward does.

    It takes ``input`` [B, T, D]; with B above 1 all utterances have T frames. ``outputs`` are output nodes, or names of
    components with ``/output`` behind them. The contexts among its facts are those of ``Splice``; what the network
    remembers or averages over the utterance comes on top. Raises UnsupportedModelError, UsageError (options that nnet1
    does not have).
    """
    if options.frame_subsampling_factor != 1 or options.frames_per_chunk:
        raise UsageError(f"{network.source}: nnet1 models know no chunks and no frame subsampling")
    check_supported(network, outputs)
    chain = [network.components[node.component] for node in network.nodes if isinstance(node, ComponentNode)]
    if options.no_softmax:
        chain = _without_softmax(network, chain)
    wanted = [name.removesuffix(_OUTPUT_SUFFIX) for name in outputs]
    _check_wanted(network, chain, wanted)
    features = opset.parameter(ov.PartialShape([-1, -1, network.inputs[0].dim]), np.float32, name="input")
    features.output(0).get_tensor().set_names({"input"})
    values = build_values(chain, features.output(0), options.keep_nodes | frozenset(wanted))
    *_, last = values.values()
    results = []
    for name in wanted:
        scores = adjust_scores(network, values.get(name, last), options)
        scores.get_tensor().add_names({name})
        results.append(opset.result(scores, name=f"{name}/result"))
    model = ov.Model(results, [features], Path(network.source).name)
    left, right = chain_contexts(chain)
    facts = ConversionFacts(
        time="utterance",
        source=Path(network.source).name,
        source_sha256="",
        generation=1,
        left_context=left,
        right_context=right,
    )
    write_facts(model, facts)
    return model


def _without_softmax(network: KaldiNetwork, chain: list[Component]) -> list[Component]:
    """The chain without a softmax at its end; one that ends otherwise stays, with a warning, as in nnet-forward."""
    last = chain[-1]
    if last.type in ("Softmax", "BlockSoftmax"):
        return chain[:-1]
    logger.warning(
        "%s: --no-softmax removed nothing, the last component '%s' is %s", network.source, last.name, last.type
    )
    return chain


def _check_wanted(network: KaldiNetwork, chain: Sequence[Component], wanted: Sequence[str]) -> None:
    left = {component.name for component in chain} | {node.name for node in network.outputs}
    removed = next((name for name in wanted if name not in left), None)
    if removed is not None:
        raise UsageError(f"{network.source}: scores of '{removed}' are asked for, and --no-softmax, which removes it")
