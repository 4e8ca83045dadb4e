"""Weights of a converted network that are NaN or infinite, in the words of the Kaldi model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ov_asr_score.convert.tensors.nonfinite_constants import ConstantValues, nonfinite_constants
from ov_asr_score.errors import ModelFormatError
from ov_asr_score.finite import nonfinite_text
from ov_asr_score.kaldi_model.frames.evaluation_order import evaluation_order
from ov_asr_score.kaldi_model.network import ComponentNode, KaldiNetwork
from ov_asr_score.kaldi_model.nonfinite_fields import nonfinite_fields
from ov_asr_score.openvino_api import ov

_SHOWN = 3


def nonfinite_weights(model: ov.Model, network: KaldiNetwork, outputs: Sequence[str]) -> str:
    """What is not finite among the parameters that the ``outputs`` of ``network`` need; empty if all is well.

    ``model`` is what it was converted to. Scores are computed from its constants, so they decide about matrices:
    components that no asked output needs may hold anything. Vectors and numbers are looked at as they are in the file,
    since an infinite variance makes a scale of 0. A constant that is not finite although all parameters are (products
    of large numbers) is named itself.
    """
    broken = nonfinite_constants(model)
    if not broken and not any(nonfinite_fields(network, matrices=False)):
        return ""
    needed = None if network.generation == 1 else _needed(network, outputs)
    fields = list(nonfinite_fields(network, needed, matrices=bool(broken)))
    return first_few(fields or [constant_text(found) for found in broken])


def constant_text(found: ConstantValues) -> str:
    """A constant with the operation that takes it and the first value that is not finite."""
    taken = next(_takers(found), "")
    return f"constant '{found.node.get_friendly_name()}'{taken}: {nonfinite_text(found.values)}"


def nonfinite_error(source: str, what: str) -> ModelFormatError:
    """The error for a model with weights that are not finite; ``what`` names them."""
    return ModelFormatError(
        f"{source}: {what}; expected finite weights: training diverged, or the file is damaged; "
        "allow_nonfinite continues anyway",
        fields=("allow_nonfinite",),
    )


def nonfinite_note(what: str) -> str:
    """What to tell of a model that is used all the same."""
    return (
        f"weights are not finite: {what}; scores may be wrong even if they are finite, since some activations hide this"
    )


def first_few(texts: Sequence[str]) -> str:
    """The first three texts, and how many more there are."""
    more = f"; and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return "; ".join(texts[:_SHOWN]) + more


def _takers(found: ConstantValues) -> Iterator[str]:
    for port in found.node.output(0).get_target_inputs():
        node = port.get_node()
        yield f" (into {node.get_type_name()} '{node.get_friendly_name()}')"


def _needed(network: KaldiNetwork, outputs: Sequence[str]) -> frozenset[str]:
    """The components that the outputs are computed from."""
    nodes = (network.node(name) for group in evaluation_order(network, outputs) for name, _ in group)
    return frozenset(node.component for node in nodes if isinstance(node, ComponentNode))
