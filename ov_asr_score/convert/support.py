"""What cannot be converted: all of it, in one message."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ov_asr_score.convert.graph.recurrence import loop_problems
from ov_asr_score.convert.graph.time_layers import TIME_LAYERS
from ov_asr_score.convert.layers.linear_forms import (
    NO_STATISTICS,
    TRAINING_MODE,
    keeps_training_statistics,
    lacks_statistics,
)
from ov_asr_score.convert.nnet1.chain import chain_problems
from ov_asr_score.convert.registry import find_converter
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_model.dependency import Block, Nothing
from ov_asr_score.kaldi_model.frames.evaluation_order import evaluation_order, reads_itself
from ov_asr_score.kaldi_model.network import Component, ComponentNode, KaldiNetwork


def check_supported(network: KaldiNetwork, outputs: Sequence[str]) -> None:
    """Nothing. Raises UnsupportedModelError naming every component and node that cannot be converted.

    In networks of nnet1 these may be inside of other components.
    """
    problems: list[tuple[str, Component | None, str]] = []
    if network.generation == 1:
        chain = list(network.components.values())
        refuse(network, [(component.name, component, reason) for component, reason in chain_problems(chain)])
        return
    for group in evaluation_order(network, outputs):
        for name, _ in group:
            node = network.node(name)
            if isinstance(node, ComponentNode):
                component = network.components[node.component]
                problems += [(name, component, reason) for reason in _component_problems(network, component)]
        if len(group) > 1 or reads_itself(network, group[0]):
            problems += [(name, _component(network, name), reason) for name, reason in loop_problems(network, group)]
    refuse(network, problems)


def _component_problems(network: KaldiNetwork, component: Component) -> Iterator[str]:
    if not is_supported(network, component):
        yield "not supported"
    elif lacks_statistics(component):
        yield NO_STATISTICS
    for number, part in enumerate((part for chain in component.nested for part in chain), 1):
        where = f"part {number} ({part.type})"
        if find_converter(network.generation, part.type) is None:
            yield f"{where} cannot be inside of a {component.type}"
        elif keeps_training_statistics(part):
            yield f"{where} {TRAINING_MODE}"
        else:
            yield from (f"{where}: {problem}" for problem in _component_problems(network, part))


def is_supported(network: KaldiNetwork, component: Component) -> bool:
    """Whether a component can be built, with all that is inside of it."""
    if network.generation == 1:
        return next(chain_problems([component]), None) is None
    dependency = component.reads
    return (
        component.type in TIME_LAYERS
        or component.type == "NoOpComponent"
        or isinstance(dependency, Nothing | Block)
        or find_converter(network.generation, component.type) is not None
    )


def refuse(network: KaldiNetwork, problems: Sequence[tuple[str, Component | None, str]]) -> None:
    """Nothing if there are no problems. Raises UnsupportedModelError with all of them: node, component and reason."""
    if not problems:
        return
    lines = []
    for name, component, reason in problems:
        what = f" ({component.type} at byte {component.offset})" if component else ""
        lines.append(f"'{name}'{what}: {reason}")
    raise UnsupportedModelError(f"{network.source}: cannot be converted: " + "; ".join(lines))


def _component(network: KaldiNetwork, name: str) -> Component | None:
    node = network.node(name)
    return network.components[node.component] if isinstance(node, ComponentNode) else None
