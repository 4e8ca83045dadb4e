"""Networks of nnet1 that stand inside of a component: their widths, and what is wrong with them.

Tests: tests/kaldi_model/components
"""

from __future__ import annotations

from itertools import pairwise

from ov_asr_score.kaldi_model.components.component_type import Chain, Dims
from ov_asr_score.kaldi_model.components.fields import Fields


def nested_widths(fields: Fields) -> tuple[list[Dims], str]:
    """Widths of the networks inside of a component; and what is wrong with the first that does not fit, or ''."""
    widths: list[Dims] = []
    for chain in fields.component.nested:
        problem = _chain_problem(chain)
        if problem:
            return widths, problem
        widths.append((Fields(chain[0]).widths[0], Fields(chain[-1]).widths[1]))
    return widths, ""


def arrow(widths: Dims) -> str:
    """Widths as messages have them: ``4 to 5``."""
    return f"{widths[0]} to {widths[1]}"


def _chain_problem(chain: Chain) -> str:
    """What ``Nnet::Read``, ``Nnet::InputDim`` and ``Nnet::OutputDim`` assert (nnet/nnet-nnet.cc)."""
    if not chain:
        return "expected a nested network of one component or more, found none"
    for before, after in pairwise(chain):
        width, expected = Fields(before).widths[1], Fields(after).widths[0]
        if width != expected:
            place = f"'{after.name}' at byte {after.offset}"
            return f"{place}: expected {expected} columns, found {width} from '{before.name}'"
    return ""
