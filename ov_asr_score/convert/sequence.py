"""The graph of an nnet1 network: a chain of functions of the whole utterance."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.convert.metadata import write_facts
from ov_asr_score.convert.options import ConvertOptions
from ov_asr_score.convert.registry import find_converter
from ov_asr_score.convert.scores import adjust_scores
from ov_asr_score.convert.support import refuse
from ov_asr_score.errors import UsageError
from ov_asr_score.kaldi_model.network import Component, ComponentNode, KaldiNetwork
from ov_asr_score.openvino_api import opset, ov


def build_sequence_graph(network: KaldiNetwork, outputs: tuple[str, ...], options: ConvertOptions) -> ov.Model:
    """The model that gives one row of scores for each frame of an utterance, as nnet-forward does.

    Raises UnsupportedModelError, UsageError (options that nnet1 does not have).
    """
    if options.frame_subsampling_factor != 1 or options.frames_per_chunk:
        raise UsageError(f"{network.source}: nnet1 models know no chunks and no frame subsampling")
    chain = [
        (node.name, network.components[node.component]) for node in network.nodes if isinstance(node, ComponentNode)
    ]
    refuse(network, [(name, part, "not supported") for name, part in chain if find_converter(1, part.type) is None])
    if options.no_softmax:
        chain = _without_softmax(network, chain)
    features = opset.parameter(ov.PartialShape([-1, -1, network.inputs[0].dim]), np.float32, name="input")
    features.output(0).get_tensor().set_names({"input"})
    values: dict[str, ov.Output] = {}
    value = features.output(0)
    for name, component in chain:
        converter = find_converter(1, component.type)
        if converter is not None:
            before, value = value, converter(component, value)
            if value.get_node() is not before.get_node():
                value.get_node().set_friendly_name(name)
        values[name] = value
    results = []
    for output in outputs:
        name = output.removesuffix("/output")
        scores = adjust_scores(network, values.get(name, value), options)
        scores.get_tensor().add_names({name})
        results.append(opset.result(scores, name=f"{name}/result"))
    model = ov.Model(results, [features], Path(network.source).name)
    facts = ConversionFacts(
        time="utterance",
        source=Path(network.source).name,
        source_sha256="",
        generation=1,
        left_context=0,
        right_context=0,
    )
    write_facts(model, facts)
    return model


def _without_softmax(network: KaldiNetwork, chain: list[tuple[str, Component]]) -> list[tuple[str, Component]]:
    if chain[-1][1].type not in ("Softmax", "BlockSoftmax"):
        raise UsageError(
            f"{network.source}: --no-softmax, but the last component '{chain[-1][0]}' is {chain[-1][1].type}; "
            "expected Softmax or BlockSoftmax"
        )
    return chain[:-1]
