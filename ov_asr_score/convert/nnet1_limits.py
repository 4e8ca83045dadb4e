"""Which components of nnet1 cannot be scored, and how far a network of nnet1 looks around."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ov_asr_score.convert.registry import find_converter
from ov_asr_score.kaldi_model.network import Component
from ov_asr_score.kaldi_model.nnet1_checks import dropout_rate


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
