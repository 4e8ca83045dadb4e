"""Widths of the components of nnet2. Source: nnet2/nnet-component.h (``InputDim``, ``OutputDim``)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ov_asr_score.kaldi_model.network import Component


def nnet2_dims(component: Component) -> tuple[int, int]:
    """Input and output width. Raises KeyError or ValueError for fields that do not tell."""
    fields: dict[str, Any] = dict(component.fields)
    match component.type:
        case "SpliceComponent":
            constant = int(fields.get("ConstComponentDim", 0))
            spliced = (int(fields["InputDim"]) - constant) * len(fields["Context"])
            return int(fields["InputDim"]), spliced + constant
        case "BlockAffineComponent" | "BlockAffineComponentPreconditioned":
            rows, columns = fields["LinearParams"].shape
            return columns * int(fields["NumBlocks"]), rows
        case "SumGroupComponent":
            return int(np.sum(fields["Sizes"])), len(fields["Sizes"])
        case "PermuteComponent":
            return len(fields["Reorder"]), len(fields["Reorder"])
        case "DctComponent":
            dim, block = int(fields["Dim"]), int(fields["DctDim"])
            kept = int(fields.get("DctKeepDim", 0)) or block
            return dim, dim // block * kept
        case "Convolutional1dComponent":
            filters, filter_dim = fields["FilterParams"].shape
            patch, stride, step = (int(fields[name]) for name in ("PatchDim", "PatchStride", "PatchStep"))
            return filter_dim // patch * stride, (1 + (stride - patch) // step) * filters
        case "PowerComponent":
            return int(fields["OutputDim"]), int(fields["OutputDim"])
        case "FixedScaleComponent":
            return len(fields["Scales"]), len(fields["Scales"])
        case "FixedBiasComponent":
            return len(fields["Bias"]), len(fields["Bias"])
    for name in ("LinearParams", "CuMatrix"):
        if name in fields:
            rows, columns = fields[name].shape
            return columns, rows
    if "OutputDim" in fields:
        return int(fields["InputDim"]), int(fields["OutputDim"])
    return int(fields["Dim"]), int(fields["Dim"])
