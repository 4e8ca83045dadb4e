"""Cases of nnet3: components that look at several frames of their input."""

from __future__ import annotations

from tests.golden.golden_case import CHUNKS, WHOLE, Case, affine, layer, network

_CUTS = (
    WHOLE,
    CHUNKS,
    ("--frames-per-chunk=5", "--extra-left-context=3", "--extra-right-context=2"),
    (
        "--frames-per-chunk=4",
        "--extra-left-context=5",
        "--extra-left-context-initial=0",
        "--extra-right-context=3",
        "--extra-right-context-final=0",
    ),
    ("--frames-per-chunk=1000", "--extra-left-context-initial=4", "--extra-right-context-final=6"),
)
_THIRDS = (
    ("--frames-per-chunk=1000", "--frame-subsampling-factor=3"),
    ("--frames-per-chunk=7", "--frame-subsampling-factor=3"),
    ("--frames-per-chunk=7", "--frame-subsampling-factor=2"),
)
EVERY = (*_CUTS, *_THIRDS)

_TDNN = (
    Case(
        "tdnn", network(4, layer("last", "TdnnComponent input-dim=4 output-dim=3 time-offsets=-2,0,1", "input")), dim=4
    ),
    Case(
        "tdnn_no_bias",
        network(
            4,
            layer("first", "TdnnComponent input-dim=4 output-dim=5 time-offsets=-1,1 use-bias=false", "input"),
            layer("relu", "RectifiedLinearComponent dim=5", "first"),
            layer(
                "last",
                "TdnnComponent input-dim=10 output-dim=3 time-offsets=0,3",
                "Append(relu, IfDefined(Offset(relu, -4)))",
            ),
        ),
        dim=4,
        runs=(WHOLE, CHUNKS, *_THIRDS),
    ),
    Case(
        "tdnn_one_offset",
        network(
            4,
            layer("first", "TdnnComponent input-dim=4 output-dim=5 time-offsets=3", "input"),
            layer("norm", "BatchNormComponent dim=5", "first"),
            layer("last", "TdnnComponent input-dim=5 output-dim=3 time-offsets=0,-2", "norm"),
        ),
        dim=4,
    ),
)


def _convolution(settings: str) -> str:
    return f"TimeHeightConvolutionComponent {settings} bias-stddev=1"


_CONVOLUTIONS = (
    Case(
        "time_height",
        network(
            8,
            layer(
                "last",
                _convolution(
                    "num-filters-in=2 num-filters-out=3 height-in=4 height-out=4 height-offsets=-1,0,1 "
                    "time-offsets=-1,0,1"
                ),
                "input",
            ),
        ),
        dim=8,
    ),
    Case(
        "time_height_required",
        network(
            8,
            layer(
                "conv1",
                _convolution(
                    "num-filters-in=2 num-filters-out=2 height-in=4 height-out=4 height-offsets=-1,0,1 "
                    "time-offsets=-1,0,1 required-time-offsets=0"
                ),
                "input",
            ),
            layer("relu1", "RectifiedLinearComponent dim=8 block-dim=2", "conv1"),
            layer("norm1", "BatchNormComponent dim=8 block-dim=2", "relu1"),
            layer(
                "conv2",
                _convolution(
                    "num-filters-in=2 num-filters-out=3 height-in=4 height-out=2 height-subsample-out=2 "
                    "height-offsets=-1,0,1 time-offsets=-3,0,3 required-time-offsets=0,3"
                ),
                "norm1",
            ),
            affine("last", "conv2", 6, 3),
        ),
        dim=8,
        runs=EVERY,
    ),
    Case(
        "time_height_irregular",
        network(
            10,
            layer(
                "last",
                _convolution(
                    "num-filters-in=2 num-filters-out=2 height-in=5 height-out=2 height-subsample-out=2 "
                    "offsets=-3,0;-1,-1;0,2;2,1 required-time-offsets=-1,0"
                ),
                "input",
            ),
        ),
        dim=10,
        runs=EVERY,
    ),
    Case(
        "time_height_no_padding",
        network(
            6,
            layer(
                "last",
                _convolution(
                    "num-filters-in=1 num-filters-out=2 height-in=6 height-out=4 height-offsets=0,1,2 time-offsets=0"
                ),
                "input",
            ),
        ),
        dim=6,
        runs=(WHOLE,),
    ),
    Case(
        "time_height_of_descriptor",
        network(
            4,
            affine("a", "input", 4, 4),
            layer(
                "conv",
                _convolution(
                    "num-filters-in=2 num-filters-out=2 height-in=4 height-out=3 height-offsets=0,1 "
                    "time-offsets=-2,0,2 required-time-offsets=0"
                ),
                "Append(Offset(a, -1), IfDefined(Offset(a, 3)))",
            ),
            affine("last", "Append(conv, IfDefined(Offset(conv, -4)))", 12, 3),
        ),
        dim=4,
        runs=EVERY,
    ),
    # Frames that are added to fill a grid hold the constant, too.
    Case(
        "time_height_const",
        network(
            4,
            layer(
                "last",
                _convolution(
                    "num-filters-in=1 num-filters-out=2 height-in=6 height-out=5 height-offsets=0,1 "
                    "time-offsets=-2,0,1 required-time-offsets=0"
                ),
                "Append(Sum(input, Const(0.8, 4)), Const(-1.5, 2))",
            ),
        ),
        dim=4,
        runs=EVERY,
    ),
    Case(
        "time_height_scaled",
        network(
            8,
            layer(
                "conv",
                _convolution(
                    "num-filters-in=2 num-filters-out=2 height-in=4 height-out=4 height-offsets=-1,0 time-offsets=-1,0 "
                    "required-time-offsets=0"
                ),
                "input",
            ),
            layer("norm", "BatchNormComponent dim=8 block-dim=2", "conv"),
            layer("scale", "FixedScaleComponent dim=8", "norm"),
            affine("last", "Append(scale, Offset(scale, 2))", 16, 3),
        ),
        dim=8,
    ),
)


def _attention(settings: str) -> str:
    return f"RestrictedAttentionComponent {settings}"


_ATTENTION = (
    Case(
        "attention",
        network(
            4,
            affine("first", "input", 4, 22),
            layer(
                "last", _attention("num-heads=2 key-dim=2 value-dim=3 num-left-inputs=2 num-right-inputs=1"), "first"
            ),
        ),
        dim=4,
    ),
    Case(
        "attention_required",
        network(
            4,
            affine("first", "Append(Offset(input, -1), input)", 8, 24),
            layer(
                "attention",
                _attention(
                    "num-heads=2 key-dim=2 value-dim=3 num-left-inputs=2 num-right-inputs=2 num-left-inputs-required=0 "
                    "num-right-inputs-required=1 output-context=false key-scale=0.8"
                ),
                "first",
            ),
            layer("relu", "RectifiedLinearComponent dim=6", "attention"),
            affine("last", "Append(relu, IfDefined(Offset(relu, 2)))", 12, 3),
        ),
        dim=4,
        runs=EVERY,
    ),
    Case(
        "attention_const",
        network(
            4,
            affine("first", "input", 4, 6),
            layer(
                "last",
                _attention(
                    "num-heads=1 key-dim=2 value-dim=2 num-left-inputs=1 num-right-inputs=1 num-left-inputs-required=0 "
                    "num-right-inputs-required=0"
                ),
                "Append(Const(0.4, 3), Sum(first, Const(0.3, 6)))",
            ),
        ),
        dim=4,
        runs=EVERY,
    ),
    Case(
        "attention_stride",
        network(
            4,
            affine("first", "input", 4, 11),
            layer(
                "attention",
                _attention(
                    "num-heads=1 key-dim=2 value-dim=2 num-left-inputs=3 num-right-inputs=1 time-stride=3 "
                    "num-left-inputs-required=1 num-right-inputs-required=0"
                ),
                "first",
            ),
            affine("last", "Append(attention, Offset(attention, 3))", 14, 3),
        ),
        dim=4,
        runs=EVERY,
    ),
)


CASES = (*_TDNN, *_CONVOLUTIONS, *_ATTENTION)
