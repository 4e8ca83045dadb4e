"""Cases of nnet2: every type of component, the options of its programs, and spellings of old files."""

from __future__ import annotations

from tests.golden.golden_case import Case

_WHOLE: tuple[tuple[str, ...], ...] = ((),)


def vector(size: int) -> str:
    """A vector in text form, for parameters that get their values later."""
    return f"[ {' '.join(['0'] * size)} ]"


def matrix(rows: int, columns: int) -> str:
    """A matrix in text form, for parameters that get their values later."""
    row = " ".join(["0"] * columns)
    return "[\n  " + "\n  ".join([row] * rows) + " ]"


def nnet2(*components: str) -> str:
    """The text form of a chain of components."""
    lines = "\n".join(components)
    return f"<Nnet> <NumComponents> {len(components)} \n<Components> \n{lines}\n</Components> \n</Nnet> \n"


def nonlinear(kind: str, dim: int) -> str:
    """A component that keeps statistics of its values."""
    return f"<{kind}> <Dim> {dim} <ValueSum> [ ]\n<DerivSum> [ ]\n<Count> 0 </{kind}>"


def affine(input_dim: int, output_dim: int, kind: str = "AffineComponent", end: str = "<IsGradient> F") -> str:
    """A matrix and a bias."""
    return (
        f"<{kind}> <LearningRate> 0.001 <LinearParams>  {matrix(output_dim, input_dim)}\n"
        f"<BiasParams>  {vector(output_dim)}\n{end} </{kind}>"
    )


def splice(dim: int, context: str, constant: int = 0) -> str:
    """Frames side by side."""
    return (
        f"<SpliceComponent> <InputDim> {dim} <Context> [ {context} ]\n<ConstComponentDim> {constant} </SpliceComponent>"
    )


def _alone(name: str, component: str, dim: int, **more: float | str) -> Case:
    """A network of one component."""
    return Case(name, text=nnet2(component), program="nnet-compute", dim=dim, runs=_WHOLE, **more)  # type: ignore[arg-type]


def _between(name: str, component: str, input_dim: int, output_dim: int) -> Case:
    """A component between two affine layers, of which each sees several frames."""
    text = nnet2(
        splice(4, "-2 0 1"),
        affine(12, input_dim),
        component,
        splice(output_dim, "-1 0 3"),
        affine(3 * output_dim, 3),
    )
    return Case(name, text=text, program="nnet-compute", dim=4, runs=_WHOLE)


_NONLINEARITIES = (
    *(
        _alone(name, nonlinear(kind, 6), 6)
        for name, kind in (
            ("sigmoid", "SigmoidComponent"),
            ("tanh", "TanhComponent"),
            ("relu", "RectifiedLinearComponent"),
            ("softmax", "SoftmaxComponent"),
            ("log_softmax", "LogSoftmaxComponent"),
            ("normalize", "NormalizeComponent"),
            ("soft_hinge", "SoftHingeComponent"),
        )
    ),
    *(
        _alone(f"power_{name}", f"<PowerComponent> <InputDim> 6 <OutputDim> 6 <Power> {power} </PowerComponent>", 6)
        for name, power in (("2", 2), ("half", 0.5), ("3", 3))
    ),
    *(
        _alone(f"pnorm_{name}", f"<PnormComponent> <InputDim> 6 <OutputDim> 2 <P> {p} </PnormComponent>", 6)
        for name, p in (("2", 2), ("1", 1), ("3", 3), ("half", 0.5), ("0", 0))
    ),
    _alone("maxout", "<MaxoutComponent> <InputDim> 6 <OutputDim> 2 </MaxoutComponent>", 6),
    _between("normalize_between", nonlinear("NormalizeComponent", 4), 4, 4),
    _between("tanh_between", nonlinear("TanhComponent", 4), 4, 4),
)

_MATRICES = (
    _alone("affine", affine(6, 4), 6),
    _alone("affine_preconditioned", affine(6, 4, "AffineComponentPreconditioned", "<Alpha> 0.1 <MaxChange> 10"), 6),
    _alone(
        "affine_preconditioned_online",
        affine(
            6,
            4,
            "AffineComponentPreconditionedOnline",
            "<RankIn> 3 <RankOut> 3 <UpdatePeriod> 4 <NumSamplesHistory> 2000 <Alpha> 4 <MaxChangePerSample> 0.1",
        ),
        6,
    ),
    _alone(
        "block_affine",
        f"<BlockAffineComponent> <LearningRate> 0.001 <NumBlocks> 3 <LinearParams>  {matrix(6, 2)}\n"
        f"<BiasParams>  {vector(6)}\n</BlockAffineComponent>",
        6,
    ),
    _alone(
        "block_affine_preconditioned",
        f"<BlockAffineComponentPreconditioned> <LearningRate> 0.001 <NumBlocks> 2 <LinearParams>  {matrix(4, 3)}\n"
        f"<BiasParams>  {vector(4)}\n<Alpha> 4 <IsGradient> F </BlockAffineComponentPreconditioned>",
        6,
    ),
    _alone("fixed_linear", f"<FixedLinearComponent> <CuMatrix>  {matrix(4, 6)}\n</FixedLinearComponent>", 6),
    _alone(
        "fixed_affine",
        f"<FixedAffineComponent> <LinearParams>  {matrix(4, 6)}\n<BiasParams>  {vector(4)}\n</FixedAffineComponent>",
        6,
    ),
    _between(
        "fixed_linear_between", f"<FixedLinearComponent> <CuMatrix>  {matrix(2, 5)}\n</FixedLinearComponent>", 5, 2
    ),
)

_COLUMNS = (
    _between("fixed_scale", f"<FixedScaleComponent> <Scales>  {vector(4)}\n</FixedScaleComponent>", 4, 4),
    _between("fixed_bias", f"<FixedBiasComponent> <Bias>  {vector(4)}\n</FixedBiasComponent>", 4, 4),
    _alone("fixed_scale_alone", f"<FixedScaleComponent> <Scales>  {vector(4)}\n</FixedScaleComponent>", 4),
    _alone("fixed_bias_alone", f"<FixedBiasComponent> <Bias>  {vector(4)}\n</FixedBiasComponent>", 4),
    _between("scale", "<ScaleComponent> <Dim> 4 <Scale> -0.3 </ScaleComponent>", 4, 4),
    _alone("sum_group", "<SumGroupComponent> <Sizes> [ 1 3 2 ]\n</SumGroupComponent>", 6),
    _alone("permute", "<PermuteComponent> <Reorder> [ 3 0 5 1 2 4 ]\n</PermuteComponent>", 6),
    _between("permute_between", "<PermuteComponent> <Reorder> [ 1 2 3 0 ]\n</PermuteComponent>", 4, 4),
    *(
        _alone(
            f"dct{name}",
            f"<DctComponent> <Dim> 12 <DctDim> 4 <Reorder> {reorder} <DctKeepDim> {kept} </DctComponent>",
            12,
        )
        for name, reorder, kept in (("", "F", 4), ("_kept", "F", 3), ("_reorder", "T", 4), ("_reorder_kept", "T", 2))
    ),
    *(
        _alone(
            f"convolution{name}",
            f"<Convolutional1dComponent> <LearningRate> 0.001 <PatchDim> 2 <PatchStep> 1 <PatchStride> 4 "
            f"<AppendedConv> {appended} <FilterParams>  {matrix(3, 4)}\n<BiasParams>  {vector(3)}\n"
            "<IsGradient> F </Convolutional1dComponent>",
            8,
        )
        for name, appended in (("", "F"), ("_appended", "T"))
    ),
    _alone(
        "maxpooling",
        "<MaxpoolingComponent> <InputDim> 12 <OutputDim> 6 <PoolSize> 2 <PoolStride> 3 </MaxpoolingComponent>",
        12,
    ),
    _between(
        "maxpooling_between",
        "<MaxpoolingComponent> <InputDim> 6 <OutputDim> 2 <PoolSize> 3 <PoolStride> 2 </MaxpoolingComponent>",
        6,
        2,
    ),
)

_SPLICED = nnet2(
    splice(4, "-2 -1 0 1 2"),
    affine(20, 5),
    nonlinear("TanhComponent", 5),
    splice(5, "-3 0 4"),
    affine(15, 4),
    nonlinear("SoftmaxComponent", 4),
)
_CUTS = ((), ("--chunk-size=6",), ("--chunk-size=1",), ("--apply-log=true",))

_FRAMES = (
    _alone("splice", splice(4, "-2 0 1"), 4),
    _alone("splice_constant", splice(5, "-2 0 1", 2), 5),
    Case(
        "splice_twice",
        text=nnet2(splice(5, "-1 0 1", 2), affine(11, 4), splice(4, "0 2"), splice(8, "-3 0"), affine(16, 3)),
        program="nnet-compute",
        runs=_WHOLE,
    ),
    _alone("splice_max", "<SpliceMaxComponent> <Dim> 4 <Context> [ -2 0 1 ]\n</SpliceMaxComponent>", 4),
    _between("splice_max_between", "<SpliceMaxComponent> <Dim> 4 <Context> [ -1 0 1 ]\n</SpliceMaxComponent>", 4, 4),
    Case(
        "without_padding",
        text=_SPLICED,
        program="nnet-compute",
        dim=4,
        lengths=(23, 14, 12),
        runs=(("--pad-input=false",), ("--pad-input=false", "--apply-log=true")),
    ),
)

_MODELS = (
    Case(
        "acoustic_model",
        text=_SPLICED,
        program="nnet-am-compute",
        dim=4,
        priors=4,
        runs=(*_CUTS, ("--divide-by-priors=true",), ("--divide-by-priors=true", "--apply-log=true", "--chunk-size=6")),
    ),
    Case(
        "dropout",
        text=nnet2(
            affine(4, 5),
            "<DropoutComponent> <Dim> 5 <DropoutScale> 0.2 <DropoutProportion> 0.4 </DropoutComponent>",
            nonlinear("SigmoidComponent", 5),
            "<AdditiveNoiseComponent> <Dim> 5 <Stddev> 0.3 </AdditiveNoiseComponent>",
            affine(5, 4),
            nonlinear("SoftmaxComponent", 4),
        ),
        program="nnet-am-compute",
        dim=4,
        priors=4,
        before="nnet-am-copy --remove-dropout=true",
        runs=_WHOLE,
    ),
)

# Kaldi reads all of these and writes them as they are spelt above.
_OLD = (
    _alone(
        "old_splice",
        "<SpliceComponent> <InputDim> 4 <LeftContext> 2 <RightContext> 1 <ConstComponentDim> 0 </SpliceComponent>",
        4,
    ),
    _alone("old_splice_max", "<SpliceMaxComponent> <Dim> 4 <LeftContext> 1 <RightContext> 2 </SpliceMaxComponent>", 4),
    _alone("old_affine", affine(6, 4, end="<AvgInput> [ 1 2 3 4 5 6 ]\n<AvgInputCount> 2 <IsGradient> F"), 6),
    _alone("old_affine_bare", affine(6, 4, end=""), 6),
    _alone("old_affine_preconditioned", affine(6, 4, "AffineComponentPreconditioned", "<Alpha> 0.1"), 6),
    _alone(
        "old_affine_preconditioned_online",
        affine(
            6,
            4,
            "AffineComponentPreconditionedOnline",
            "<Rank> 3 <NumSamplesHistory> 2000 <Alpha> 4 <MaxChangePerSample> 0.1",
        ),
        6,
    ),
    _alone("old_sum_group", "<SumGroupComponent> <Sizes> [ 1 3 2 ]\n<SumGroupComponent>", 6),
    _alone("old_dct", "<DctComponent> <Dim> 12 <DctDim> 4 <Reorder> F </DctComponent>", 12),
    _alone(
        "old_convolution",
        f"<Convolutional1dComponent> <LearningRate> 0.001 <PatchDim> 2 <PatchStep> 2 <PatchStride> 4 "
        f"<FilterParams>  {matrix(3, 4)}\n<BiasParams>  {vector(3)}\n</Convolutional1dComponent>",
        8,
    ),
)

CASES = (*_NONLINEARITIES, *_MATRICES, *_COLUMNS, *_FRAMES, *_MODELS, *_OLD)
