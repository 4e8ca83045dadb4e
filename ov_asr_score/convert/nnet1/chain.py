"""A chain of components of nnet1 as one graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ov_asr_score.convert.nnet1.folding import fold_chain
from ov_asr_score.convert.registry import find_converter
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_model.components.elementwise import dropout_rate
from ov_asr_score.kaldi_model.network import Component
from ov_asr_score.openvino_api import ov


def build_chain(components: Sequence[Component], x: ov.Output) -> ov.Output:
    """What the last component gives for ``x`` [B, T, D]. Raises UnsupportedModelError."""
    *_, value = build_values(components, x).values()
    return value


def build_values(
    components: Sequence[Component], x: ov.Output, keep: frozenset[str] = frozenset()
) -> dict[str, ov.Output]:
    """What the components give, by name, for ``x`` [B, T, D], which is there under an empty name.

    Neighbours are folded, so that the values between them are not there, but for those of the components in ``keep``.
    Raises UnsupportedModelError.
    """
    values, value = {"": x}, x
    for component in fold_chain(components, keep):
        converter = find_converter(1, component.type)
        if converter is None:
            raise UnsupportedModelError(
                f"component '{component.name}' at byte {component.offset}: {component.type} cannot be converted"
            )
        before, value = value, converter(component, value)
        if value.get_node().get_name() != before.get_node().get_name():
            value.get_node().set_friendly_name(component.name)
        values[component.name] = value
    return values


def chain_problems(components: Sequence[Component], *, nested: bool = False) -> Iterator[tuple[Component, str]]:
    """Each component that cannot be scored, those inside of others too, with the reason."""
    for component in components:
        if find_converter(1, component.type) is None:
            yield component, "not supported"
        if nested and component.type == "Dropout" and dropout_rate(component) > 0:
            yield (
                component,
                f"nnet-forward keeps dropout of {dropout_rate(component):g} going inside of other components and gives "
                "random scores; set its <DropoutRate> to 0",
            )
        for chain in component.nested:
            yield from chain_problems(chain, nested=True)


def chain_contexts(components: Sequence[Component]) -> tuple[int, int]:
    """Frames that a chain needs before and after the one it scores, because of its Splice components.

    What a recurrence remembers, and what is averaged over all frames, has no bounds and is not counted.
    """
    left = right = 0
    for component in components:
        inner = [chain_contexts(chain) for chain in component.nested]
        if component.type == "Splice":
            offsets = np.asarray(component.fields["FrameOffsets"])
            inner = [(-min(0, int(offsets.min())), max(0, int(offsets.max())))]
        left += max((each[0] for each in inner), default=0)
        right += max((each[1] for each in inner), default=0)
    return left, right
