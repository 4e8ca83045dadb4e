"""Cases of nnet2 that no recipe makes, but Kaldi scores: it asserts less when it reads a model than when it makes one.

They were found by ``tests/kaldi_judge``.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.golden.golden_case import Case
from tests.golden.nnet2_models import affine, matrix, nnet2, nonlinear, splice, vector

_WHOLE: tuple[tuple[str, ...], ...] = ((),)


def _alone(name: str, dim: int, *components: str) -> Case:
    return Case(name, text=nnet2(*components), program="nnet-compute", dim=dim, runs=_WHOLE)


def _edited(name: str, edit: Callable[[str], str]) -> Case:
    """The same network, whose text form is spelt in another way."""
    parts = (splice(4, "-1 0 2"), affine(12, 5), nonlinear("TanhComponent", 5), affine(5, 3))
    return Case(name, text=nnet2(*parts), program="nnet-compute", dim=4, runs=_WHOLE, edit=edit)


def _convolution(columns: int, sizes: str, appended: str = "F") -> str:
    return (
        f"<Convolutional1dComponent> <LearningRate> 0.001 {sizes} <AppendedConv> {appended} "
        f"<FilterParams>  {matrix(3, columns)}\n<BiasParams>  {vector(3)}\n<IsGradient> F </Convolutional1dComponent>"
    )


def _pooling(sizes: str) -> str:
    return f"<MaxpoolingComponent> {sizes} </MaxpoolingComponent>"


def _no_blanks(text: str) -> str:
    """Numbers that end where a bracket or a token begins."""
    return text.replace("[ -1 0 2 ]\n", "[-1 0 2]").replace("<Count> 0 </", "<Count> 0</").replace("0.001 <", "0.001<")


def _no_first_bracket(text: str) -> str:
    for token in ("<NumComponents>", "<DerivSum>", "</TanhComponent>"):
        text = text.replace(token, token[1:])
    return text


CASES = (
    _alone("odd_permute_repeated", 6, "<PermuteComponent> <Reorder> [ 3 3 0 1 5 5 ]\n</PermuteComponent>"),
    _alone(
        "odd_power_negative",
        5,
        affine(5, 4),
        "<PowerComponent> <InputDim> 4 <OutputDim> 4 <Power> -0.5 </PowerComponent>",
        affine(4, 3),
    ),
    _alone("odd_splice_order", 4, splice(4, "-2 1 0 -2 2")),
    _alone("odd_splice_repeated", 5, splice(5, "-1 -1 0 0 1", 2)),
    _alone("odd_splice_sides", 4, splice(4, "-2 0"), affine(8, 5), splice(5, "1 2"), affine(10, 3)),
    _alone(
        "odd_splice_sides_max",
        4,
        splice(4, "-3 -1"),
        affine(8, 4),
        "<SpliceMaxComponent> <Dim> 4 <Context> [ 1 3 2 3 ]\n</SpliceMaxComponent>",
    ),
    _alone("odd_dct_all", 12, "<DctComponent> <Dim> 12 <DctDim> 4 <Reorder> T <DctKeepDim> -1 </DctComponent>"),
    _alone("odd_convolution_rest", 16, _convolution(6, "<PatchDim> 3 <PatchStep> 2 <PatchStride> 8")),
    _alone("odd_convolution_rest_appended", 16, _convolution(6, "<PatchDim> 3 <PatchStep> 2 <PatchStride> 8", "T")),
    _alone("odd_convolution_back", 8, _convolution(8, "<PatchDim> 4 <PatchStep> -3 <PatchStride> 4")),
    _alone("odd_convolution_uneven", 8, _convolution(5, "<PatchDim> 2 <PatchStep> 1 <PatchStride> 4")),
    _alone("odd_maxpooling_rest", 14, _pooling("<InputDim> 14 <OutputDim> 8 <PoolSize> 2 <PoolStride> 3")),
    _alone("odd_maxpooling_none", 6, _pooling("<InputDim> 6 <OutputDim> 4 <PoolSize> 9 <PoolStride> 2")),
    _alone("odd_maxpooling_below", 6, _pooling("<InputDim> 6 <OutputDim> 4 <PoolSize> 3 <PoolStride> -2")),
    _edited("odd_tokens_twice", lambda text: text.replace("<SpliceComponent> ", "<SpliceComponent> " * 2, 1)),
    _edited("odd_blanks", _no_blanks),
    _edited("odd_brackets", _no_first_bracket),
    Case(
        "odd_priors_short",
        text=nnet2(affine(4, 5), nonlinear("SoftmaxComponent", 5)),
        program="nnet-am-compute",
        dim=4,
        priors=3,
        runs=((), ("--apply-log=true",)),
    ),
    Case(
        "odd_sums_below_zero",
        text=nnet2(affine(4, 4)),
        program="nnet-am-compute",
        dim=4,
        priors=4,
        runs=(("--divide-by-priors=true",),),
        tolerance=1e-3,
        reason="sums near zero are divided by",
    ),
)
