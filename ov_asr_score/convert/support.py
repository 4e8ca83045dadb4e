"""Components and nodes that cannot be converted, all of them in one message.

Reason of each: Kaldi gives random numbers (batch normalization without statistics, dropout of nnet1), numbers of the
other frames of a chunk (batch normalization in training mode), or has no order in which to compute (recurrences over
past and future frames that are both there).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ov_asr_score.convert.graph.recurrence import loop_problems
from ov_asr_score.convert.layers.registry import find_layer
from ov_asr_score.convert.nnet1.chain_graph import chain_problems
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_model.frames.evaluation_order import evaluation_order, is_recurrent
from ov_asr_score.kaldi_model.network import Component, ComponentNode, KaldiNetwork


def check_supported(network: KaldiNetwork, outputs: Sequence[str]) -> None:
    """Raise UnsupportedModelError, with every component and node that cannot be converted, if there are any.

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
        if is_recurrent(network, group):
            problems += [(name, _component(network, name), reason) for name, reason in loop_problems(network, group)]
    refuse(network, problems)


def _component_problems(network: KaldiNetwork, component: Component) -> Iterator[str]:
    layer = find_layer(network.generation, component.type)
    problem = "not supported" if layer is None else None if layer.problem is None else layer.problem(component)
    if problem is not None:
        yield problem
    for number, part in enumerate((part for chain in component.nested for part in chain), 1):
        where, inner = f"part {number} ({part.type})", find_layer(network.generation, part.type)
        if inner is None or not inner.is_framewise:
            yield f"{where} cannot be inside of a {component.type}"
        elif inner.nested_problem is not None and (nested := inner.nested_problem(part)) is not None:
            yield f"{where} {nested}"
        else:
            yield from (f"{where}: {problem}" for problem in _component_problems(network, part))


def refuse(network: KaldiNetwork, problems: Sequence[tuple[str, Component | None, str]]) -> None:
    """Raise UnsupportedModelError with all problems (node, component, reason), if there are any."""
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
