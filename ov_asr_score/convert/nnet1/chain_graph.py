"""A chain of components of nnet1 as one graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ov_asr_score.convert.layers.registry import find_layer
from ov_asr_score.convert.nnet1.folding import fold_chain
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_model.network import Component
from ov_asr_score.openvino_api import ov


def build_chain(components: Sequence[Component], x: ov.Output) -> ov.Output:
    """The output [B, T, D'] of the last component for ``x`` [B, T, D]. Raises UnsupportedModelError."""
    *_, value = build_values(components, x).values()
    return value


def build_values(
    components: Sequence[Component], x: ov.Output, keep: frozenset[str] = frozenset()
) -> dict[str, ov.Output]:
    """The outputs of the components by name, and ``x`` [B, T, D] under an empty name.

    Neighbours are folded, so that the values between them are missing, but for those of the components in ``keep``.
    Raises UnsupportedModelError, ModelFormatError.
    """
    values, value = {"": x}, x
    for component in fold_chain(components, keep):
        before, value = value, convert_component(component, value)
        if value.get_node().get_name() != before.get_node().get_name():
            value.get_node().set_friendly_name(component.name)
        values[component.name] = value
    return values


def convert_component(component: Component, x: ov.Output) -> ov.Output:
    """The output [B, T, D'] of a component for ``x`` [B, T, D]. Raises UnsupportedModelError, ModelFormatError."""
    layer = find_layer(1, component.type)
    if layer is not None and layer.over_frames is not None:
        return layer.over_frames(component, x)
    if layer is not None and layer.over_chains is not None:
        return layer.over_chains(component, x, build_chain)
    raise UnsupportedModelError(
        f"component '{component.name}' at byte {component.offset}: {component.type} cannot be converted"
    )


def chain_problems(components: Sequence[Component], *, nested: bool = False) -> Iterator[tuple[Component, str]]:
    """Components that cannot be scored, those inside of others too, with the reason."""
    for component in components:
        layer = find_layer(1, component.type)
        if layer is None:
            yield component, "not supported"
        elif nested and layer.nested_problem is not None and (problem := layer.nested_problem(component)) is not None:
            yield component, problem
        for chain in component.nested:
            yield from chain_problems(chain, nested=True)


def chain_contexts(components: Sequence[Component]) -> tuple[int, int]:
    """Frames that a chain needs before and after the one it scores, because components splice frames.

    Frames that a recurrence remembers, or that are averaged over an utterance, have no bounds and are not counted.
    """
    left = right = 0
    for component in components:
        contexts = [chain_contexts(chain) for chain in component.nested]
        layer = find_layer(1, component.type)
        if layer is not None and layer.frame_offsets is not None:
            offsets = layer.frame_offsets(component)
            contexts = [(-min(0, *offsets), max(0, *offsets))]
        left += max((before for before, _ in contexts), default=0)
        right += max((after for _, after in contexts), default=0)
    return left, right
