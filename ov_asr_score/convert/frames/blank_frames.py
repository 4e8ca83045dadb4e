"""Frames that Kaldi adds to fill a grid where its input cannot be computed."""

from __future__ import annotations

import numpy as np

from ov_asr_score.kaldi_model.dims import descriptor_dim
from ov_asr_score.kaldi_model.network import (
    Append,
    Const,
    Descriptor,
    Failover,
    FloatArray,
    IfDefined,
    KaldiNetwork,
    Sum,
)


def or_blank(network: KaldiNetwork, descriptor: Descriptor) -> Descriptor:
    """``descriptor``, with the rows that Kaldi adds to fill a grid where it cannot be computed.

    These are zero except for constants, which are set for whole matrices (nnet3/nnet-compile.cc,
    ``CompileForwardSumDescriptor``).
    """
    values = _constant_part(network, descriptor)
    if not values.any():
        return IfDefined(descriptor)
    return Failover(descriptor, Append(tuple(Const(float(value), 1) for value in values)))


def _constant_part(network: KaldiNetwork, descriptor: Descriptor) -> FloatArray:
    """The sum of the Const parts of a descriptor in each column [D]."""
    match descriptor:
        case Const():
            return np.full(descriptor.dim, descriptor.value, np.float32)
        case Append():
            return np.concatenate([_constant_part(network, part) for part in descriptor.parts])
        case Sum():
            total = np.zeros(descriptor_dim(network, descriptor), np.float32)
            for part in descriptor.parts:
                total += _constant_part(network, part)
            return total
        case Failover():
            return _constant_part(network, descriptor.first)
    return np.zeros(descriptor_dim(network, descriptor), np.float32)
