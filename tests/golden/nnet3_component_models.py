"""Cases of nnet3: every type of component that maps a frame to a frame."""

from __future__ import annotations

from tests.golden.golden_case import CHUNKS, DEFAULT, WHOLE, Case, affine, layer, network, node

_SPLICED = "Append(Offset(input, -1), input, Offset(input, 2))"


def _alone(name: str, component: str, dim: int) -> Case:
    """A network of one component."""
    return Case(name, network(dim, layer("last", component, "input")), dim=dim, runs=(WHOLE,))


def _between(name: str, component: str, input_dim: int, output_dim: int) -> Case:
    """A component between two affine layers, of which the first sees three frames, and the second, too."""
    lines = (
        affine("first", _SPLICED, 12, input_dim),
        layer("middle", component, "first"),
        affine("last", "Append(Offset(middle, -2), middle, IfDefined(Offset(middle, 1)))", 3 * output_dim, 3),
    )
    return Case(name, network(4, *lines), dim=4)


_NONLINEARITIES = (
    _alone("sigmoid", "SigmoidComponent dim=6", 6),
    _alone("tanh", "TanhComponent dim=6 self-repair-scale=1.0e-05", 6),
    _alone("relu", "RectifiedLinearComponent dim=6 block-dim=3", 6),
    _alone("softmax", "SoftmaxComponent dim=6", 6),
    _alone("log_softmax", "LogSoftmaxComponent dim=6", 6),
    _alone("normalize", "NormalizeComponent dim=6 target-rms=0.5", 6),
    _alone("normalize_blocks", "NormalizeComponent dim=6 block-dim=2 target-rms=2.0 add-log-stddev=true", 6),
    _alone("normalize_logstddev", "NormalizeComponent dim=6 add-log-stddev=true", 6),
    _alone("pnorm", "PnormComponent input-dim=6 output-dim=2", 6),
    _between("relu_between", "RectifiedLinearComponent dim=5", 5, 5),
    _between("sigmoid_between", "SigmoidComponent dim=5", 5, 5),
)

_MATRICES = (
    _alone("affine", "AffineComponent input-dim=6 output-dim=4", 6),
    _alone("linear", "LinearComponent input-dim=6 output-dim=4 orthonormal-constraint=-1.0", 6),
    _alone("natural_gradient_affine", "NaturalGradientAffineComponent input-dim=6 output-dim=4 max-change=0.75", 6),
    _alone("fixed_affine", "FixedAffineComponent input-dim=6 output-dim=4", 6),
    _alone("repeated_affine", "RepeatedAffineComponent input-dim=6 output-dim=9 num-repeats=3", 6),
    _alone(
        "natural_gradient_repeated_affine",
        "NaturalGradientRepeatedAffineComponent input-dim=6 output-dim=4 num-repeats=2",
        6,
    ),
    _alone("repeated_affine_once", "RepeatedAffineComponent input-dim=4 output-dim=3 num-repeats=1", 4),
    _alone("block_affine", "BlockAffineComponent input-dim=6 output-dim=9 num-blocks=3", 6),
    _alone("block_affine_many", "BlockAffineComponent input-dim=20 output-dim=40 num-blocks=20", 20),
    _between("affine_chain", "LinearComponent input-dim=7 output-dim=2", 7, 2),
)

_ELEMENTWISE = (
    _between("per_element_scale", "PerElementScaleComponent dim=5 param-mean=1.0 param-stddev=1.0", 5, 5),
    _alone("natural_gradient_per_element_scale", "NaturalGradientPerElementScaleComponent dim=5 param-stddev=1.0", 5),
    _between("per_element_offset", "PerElementOffsetComponent dim=6 block-dim=2", 6, 6),
    _alone("per_element_offset_alone", "PerElementOffsetComponent dim=6", 6),
    _between("fixed_scale", "FixedScaleComponent dim=5", 5, 5),
    _between("fixed_bias", "FixedBiasComponent dim=5", 5, 5),
    _between("scale_and_offset", "ScaleAndOffsetComponent dim=6 block-dim=3", 6, 6),
    _alone("scale_and_offset_alone", "ScaleAndOffsetComponent dim=6", 6),
    _between("batch_norm", "BatchNormComponent dim=6 block-dim=3 target-rms=0.7 epsilon=0.01", 6, 6),
    _alone("batch_norm_alone", "BatchNormComponent dim=6", 6),
    _alone("elementwise_product", "ElementwiseProductComponent input-dim=6 output-dim=2", 6),
    _alone("elementwise_product_pairs", "ElementwiseProductComponent input-dim=8 output-dim=4", 8),
    _alone("sum_group", "SumGroupComponent sizes=1,3,2", 6),
    _alone("sum_group_even", "SumGroupComponent input-dim=6 output-dim=2", 6),
    _alone("sum_block", "SumBlockComponent input-dim=6 output-dim=2 scale=0.6", 6),
    _alone("permute", "PermuteComponent column-map=3,0,5,1,2,4", 6),
    _between("permute_between", "PermuteComponent column-map=3,0,1,2", 4, 4),
    _alone("no_op", "NoOpComponent dim=6 backprop-scale=0.5", 6),
    _between("no_op_between", "NoOpComponent dim=4", 4, 4),
    _between("clip_gradient", "ClipGradientComponent dim=4 clipping-threshold=30 norm-based-clipping=true", 4, 4),
    _between("backprop_truncation", "BackpropTruncationComponent dim=4 scale=0.7 recurrence-interval=3", 4, 4),
)

_TRAINING = (
    _between("dropout", "DropoutComponent dim=4 dropout-proportion=0.4", 4, 4),
    _alone("dropout_per_frame", "DropoutComponent dim=4 dropout-proportion=0.25 dropout-per-frame=true", 4),
    _between("general_dropout", "GeneralDropoutComponent dim=4 block-dim=2 dropout-proportion=0.3 time-period=2", 4, 4),
    _alone("general_dropout_continuous", "GeneralDropoutComponent dim=4 dropout-proportion=0.2 continuous=true", 4),
    _alone(
        "spec_augment",
        "GeneralDropoutComponent dim=6 specaugment-max-proportion=0.5 specaugment-max-regions=2 dropout-proportion=0",
        6,
    ),
    _alone("time_mask", "SpecAugmentTimeMaskComponent dim=6 zeroed-proportion=0.3 time-mask-max-frames=4", 6),
)

_IMAGES = (
    _alone(
        "convolution",
        "ConvolutionComponent input-x-dim=3 input-y-dim=4 input-z-dim=2 filt-x-dim=2 filt-y-dim=2 filt-x-step=1 "
        "filt-y-step=2 num-filters=3 input-vectorization-order=zyx",
        24,
    ),
    _alone(
        "convolution_yzx",
        "ConvolutionComponent input-x-dim=3 input-y-dim=4 input-z-dim=2 filt-x-dim=1 filt-y-dim=3 filt-x-step=2 "
        "filt-y-step=1 num-filters=2 input-vectorization-order=yzx",
        24,
    ),
    _between(
        "convolution_between",
        "ConvolutionComponent input-x-dim=2 input-y-dim=3 input-z-dim=2 filt-x-dim=2 filt-y-dim=2 filt-x-step=1 "
        "filt-y-step=1 num-filters=2 input-vectorization-order=zyx",
        12,
        4,
    ),
    _alone(
        "maxpooling",
        "MaxpoolingComponent input-x-dim=4 input-y-dim=3 input-z-dim=2 pool-x-size=2 pool-y-size=2 pool-z-size=1 "
        "pool-x-step=2 pool-y-step=1 pool-z-step=1",
        24,
    ),
    _alone(
        "maxpooling_z",
        "MaxpoolingComponent input-x-dim=2 input-y-dim=2 input-z-dim=5 pool-x-size=1 pool-y-size=2 pool-z-size=3 "
        "pool-x-step=1 pool-y-step=2 pool-z-step=2",
        20,
    ),
)

_COMPOSITE = (
    _between(
        "composite",
        "CompositeComponent num-components=3 component1='type=AffineComponent input-dim=5 output-dim=6' "
        "component2='type=RectifiedLinearComponent dim=6' component3='type=NormalizeComponent dim=6 target-rms=0.8'",
        5,
        6,
    ),
    Case(
        "composite_batch_norm",
        network(
            5,
            layer(
                "last",
                "CompositeComponent num-components=3 component1='type=PerElementScaleComponent dim=5' "
                "component2='type=BatchNormComponent dim=5 test-mode=true' component3='type=SigmoidComponent dim=5'",
                "input",
            ),
        ),
    ),
    _between(
        "composite_linear",
        "CompositeComponent num-components=2 component1='type=PerElementScaleComponent dim=4' "
        "component2='type=PerElementOffsetComponent dim=4'",
        4,
        4,
    ),
    Case(
        "composite_small_pieces",
        network(
            4,
            layer(
                "last",
                "CompositeComponent max-rows-process=3 num-components=2 "
                "component1='type=BlockAffineComponent input-dim=4 output-dim=6 num-blocks=2' "
                "component2='type=LogSoftmaxComponent dim=6'",
                "input",
            ),
        ),
        dim=4,
    ),
)

_CONSTANTS = (
    _between("constant_function", "ConstantFunctionComponent input-dim=4 output-dim=3 output-stddev=1.0", 4, 3),
    Case(
        "constant",
        network(
            4,
            layer("constant", "ConstantComponent output-dim=4 output-stddev=1.0", "input"),
            affine("last", "Append(Offset(input, -1), constant)", 8, 3),
        ),
        dim=4,
    ),
    Case(
        "dropout_mask",
        network(
            4,
            layer("mask", "DropoutMaskComponent output-dim=4 dropout-proportion=0.4", "input"),
            layer("soft", "DropoutMaskComponent output-dim=4 dropout-proportion=0.2 continuous=true", "input"),
            layer("last", "ElementwiseProductComponent input-dim=8 output-dim=4", "Append(input, Sum(mask, soft))"),
        ),
        dim=4,
    ),
)


def _gates(name: str, component: str, dim: int) -> Case:
    """A nonlinearity of a recurrent layer, by itself."""
    return Case(name, network(4, affine("first", "input", 4, dim), layer("last", component, "first")), dim=4)


_GATED = (
    _gates("lstm_nonlinearity", "LstmNonlinearityComponent cell-dim=3", 15),
    _gates("lstm_nonlinearity_dropout", "LstmNonlinearityComponent cell-dim=3 use-dropout=true", 18),
    _gates("gru_nonlinearity", "GruNonlinearityComponent cell-dim=3", 12),
    _gates("gru_nonlinearity_projected", "GruNonlinearityComponent cell-dim=3 recurrent-dim=2", 13),
    _gates("output_gru_nonlinearity", "OutputGruNonlinearityComponent cell-dim=3", 9),
)

_FOLDING = (
    Case(
        "one_component_twice",
        network(
            4,
            affine("shared", "input", 4, 4),
            node("again", "shared", "shared"),
            layer("scale", "FixedScaleComponent dim=4", "again"),
            affine("last", "Append(Offset(scale, -1), shared)", 8, 3),
        ),
        dim=4,
    ),
    Case(
        "scale_read_twice",
        network(
            4,
            affine("first", "input", 4, 4),
            layer("normed", "BatchNormComponent dim=4", "first"),
            affine("left", "Append(Offset(normed, -2), normed)", 8, 3),
            affine("right", "Append(Offset(normed, 2), first)", 8, 3),
            layer("last", "NoOpComponent dim=3", "Sum(left, right)"),
        ),
        dim=4,
    ),
    Case(
        "tdnn_of_the_book",
        network(
            4,
            layer(
                "lda",
                "FixedAffineComponent input-dim=12 output-dim=12",
                "Append(Offset(input, -1), input, Offset(input, 1))",
            ),
            affine("affine1", "lda", 12, 6, "NaturalGradientAffineComponent"),
            layer("relu1", "RectifiedLinearComponent dim=6", "affine1"),
            layer("norm1", "BatchNormComponent dim=6", "relu1"),
            layer("linear2", "LinearComponent input-dim=12 output-dim=3", "Append(Offset(norm1, -1), norm1)"),
            affine("affine2", "Append(linear2, Offset(linear2, 1))", 6, 6, "NaturalGradientAffineComponent"),
            layer("relu2", "RectifiedLinearComponent dim=6", "affine2"),
            layer("norm2", "BatchNormComponent dim=6", "relu2"),
            layer("noop2", "NoOpComponent dim=6", "Sum(Scale(0.66, norm1), norm2)"),
            affine("out", "noop2", 6, 5, "NaturalGradientAffineComponent"),
            layer("last", "LogSoftmaxComponent dim=5", "out"),
        ),
        dim=4,
        runs=(WHOLE, CHUNKS, DEFAULT),
    ),
    Case(
        "normed_at_the_edge",
        network(
            4,
            layer("normed", "BatchNormComponent dim=4", "input"),
            affine("last", "Append(IfDefined(Offset(normed, -2)), normed, IfDefined(Offset(normed, 3)))", 12, 3),
        ),
        dim=4,
    ),
)

CASES = (
    *_NONLINEARITIES,
    *_MATRICES,
    *_ELEMENTWISE,
    *_TRAINING,
    *_IMAGES,
    *_COMPOSITE,
    *_CONSTANTS,
    *_GATED,
    *_FOLDING,
)
