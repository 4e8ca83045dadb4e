"""Cases of nnet3: models that Kaldi's programs do not write, but score: what reading and computing do not look at."""

from __future__ import annotations

from tests.golden.golden_case import CHUNKS, WHOLE, Case, affine, layer, network
from tests.golden.model_text import edited


def _alone(name: str, component: str, dim: int, *changes: tuple[str, str]) -> Case:
    """A network of one component, of which the text form is changed."""
    return Case(
        f"accepted_{name}",
        network(dim, layer("last", component, "input")),
        dim=dim,
        runs=(WHOLE,),
        edit=edited(*changes),
    )


CASES = (
    # Sizes of blocks count in training only.
    _alone("block_dim", "RectifiedLinearComponent dim=6 block-dim=3", 6, ("<BlockDim> 3", "<BlockDim> 4")),
    _alone(
        "dropout_block_dim",
        "GeneralDropoutComponent dim=6 block-dim=3 dropout-proportion=0.3",
        6,
        ("<BlockDim> 3", "<BlockDim> 4"),
    ),
    # Columns that are left over are left out.
    _alone(
        "product_with_rest",
        "ElementwiseProductComponent input-dim=8 output-dim=2",
        8,
        ("<OutputDim> 2", "<OutputDim> 3"),
    ),
    _alone(
        "product_of_one",
        "ElementwiseProductComponent input-dim=8 output-dim=4",
        8,
        ("<OutputDim> 4", "<OutputDim> 5"),
    ),
    _alone(
        "sum_block_repeated",
        "SumBlockComponent input-dim=6 output-dim=2 scale=0.6",
        6,
        ("<OutputDim> 2", "<OutputDim> 12"),
    ),
    Case(
        "accepted_distribute_with_rest",
        network(
            6,
            layer("all", "DistributeComponent input-dim=6 output-dim=2", "input"),
            affine("last", "Append(all, Offset(all, -1, 1))", 4, 3),
        ),
        dim=7,
        runs=(WHOLE,),
        edit=edited(("<InputDim> 6", "<InputDim> 7"), ("input dim=6", "input dim=7")),
    ),
    _alone(
        "convolution_with_rest",
        "ConvolutionComponent input-x-dim=4 input-y-dim=3 input-z-dim=2 filt-x-dim=2 filt-y-dim=2 filt-x-step=1 "
        "filt-y-step=1 num-filters=3 input-vectorization-order=zyx",
        24,
        ("<FiltXStep> 1", "<FiltXStep> 3"),
    ),
    # Weights for which a filter has no place meet the first column.
    _alone(
        "convolution_of_more_weights",
        "ConvolutionComponent input-x-dim=3 input-y-dim=3 input-z-dim=2 filt-x-dim=2 filt-y-dim=3 filt-x-step=1 "
        "filt-y-step=1 num-filters=3 input-vectorization-order=yzx",
        18,
        ("<FiltYDim> 3", "<FiltYDim> 2"),
        ("<FiltYStep> 1", "<FiltYStep> 2"),
    ),
    _alone("normalize_negative", "NormalizeComponent dim=5 target-rms=0.5", 5, ("<TargetRms> 0.5", "<TargetRms> -0.5")),
    _alone(
        "attention_less_than_required",
        "RestrictedAttentionComponent num-heads=1 key-dim=2 value-dim=2 num-left-inputs=2 num-right-inputs=2 "
        "num-left-inputs-required=1 num-right-inputs-required=2 output-context=false time-stride=1",
        11,
        ("<NumLeftInputsRequired> 1", "<NumLeftInputsRequired> -1"),
    ),
    # The opening token is also taken a second time, and that of the model of a convolution not at all.
    _alone("opening_token_twice", "TanhComponent dim=4", 4, ("<TanhComponent>", "<TanhComponent> <TanhComponent>")),
    _alone(
        "convolution_model",
        "TimeHeightConvolutionComponent num-filters-in=1 num-filters-out=2 height-in=4 height-out=3 time-offsets=-1,1 "
        "height-offsets=0,1 required-time-offsets=-1,1",
        4,
        ("<ConvolutionModel>", ""),
    ),
    # Parameters of what no output needs are not looked at, and priors only where they are subtracted.
    Case(
        "accepted_unused_faults",
        network(
            4,
            affine("last", "Append(Offset(input, -1), input)", 8, 3),
            affine("unused", "input", 4, 3),
            layer("more", "TanhComponent dim=3", "Offset(unused, -30)"),
            "component name=spare type=AffineComponent input-dim=4 output-dim=3",
        ),
        dim=4,
        runs=(WHOLE, CHUNKS),
        edit=edited(
            (r"(<ComponentName> unused .*?<BiasParams>  \[ )", r"\1 1 2 "),
            (r"(<ComponentName> spare .*?<BiasParams>  )\[ [^\]]*\]", r"\1[ ]"),
        ),
    ),
    Case(
        "accepted_number_of_priors",
        network(4, affine("hidden", "input", 4, 3), layer("last", "LogSoftmaxComponent dim=3", "hidden")),
        dim=4,
        runs=(WHOLE,),
        priors=5,
    ),
)
