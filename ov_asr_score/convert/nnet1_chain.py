"""A chain of components of nnet1 as one graph."""

from __future__ import annotations

from collections.abc import Sequence

from ov_asr_score.convert.nnet1_folding import fold_chain
from ov_asr_score.convert.registry import find_converter
from ov_asr_score.errors import UnsupportedModelError
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
