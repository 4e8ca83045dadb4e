from __future__ import annotations

import pytest

from ov_asr_score.convert.frames.blank_frames import or_blank
from ov_asr_score.kaldi_model.descriptors import parse_descriptor
from ov_asr_score.kaldi_model.network import Append, Const, Failover, IfDefined, InputNode, KaldiNetwork

NETWORK = KaldiNetwork(3, (InputNode("input", 2),), {}, "model")


@pytest.mark.parametrize("text", ["Offset(input, 3)", "Sum(input, Const(0, 2))", "Scale(2, input)"])
def test_missing_frames_are_zero(text: str) -> None:
    descriptor = parse_descriptor(text)
    assert or_blank(NETWORK, descriptor) == IfDefined(descriptor)


@pytest.mark.parametrize(
    ("text", "blank"),
    [
        ("Sum(input, Const(4, 2))", (4, 4)),
        ("Append(input, Const(3, 1))", (0, 0, 3)),
        ("Failover(Const(3, 2), input)", (3, 3)),
        ("Failover(input, Const(3, 2))", None),
    ],
)
def test_constants_are_there_in_missing_frames_too(text: str, blank: tuple[float, ...] | None) -> None:
    descriptor = parse_descriptor(text)
    expected = IfDefined(descriptor)
    if blank is not None:
        expected = Failover(descriptor, Append(tuple(Const(value, 1) for value in blank)))  # type: ignore[assignment]
    assert or_blank(NETWORK, descriptor) == expected
