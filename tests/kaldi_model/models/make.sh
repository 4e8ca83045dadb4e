#!/bin/bash
# Makes the models of this folder with Kaldi's own programs, which must be on the PATH, and notes what Kaldi's info
# programs say of them. Every binary model is made from the text model beside it, so that both hold the same numbers.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

# --- nnet3 -----------------------------------------------------------------------------------------------------------

# Every descriptor, a recurrence, two outputs, an i-vector.
cat >"$work/descriptors.config" <<'EOF'
input-node name=ivector dim=2
input-node name=input dim=3
component name=lda type=FixedAffineComponent input-dim=11 output-dim=4
component-node name=lda component=lda input=Append(Offset(input, -1), input, Offset(input, 2), ReplaceIndex(ivector, t, 0))
component name=r type=AffineComponent input-dim=6 output-dim=2
component-node name=r component=r input=Append(lda, IfDefined(Offset(r, -3)))
dim-range-node name=part input-node=lda dim-offset=1 dim=2
component name=mix type=TdnnComponent input-dim=4 output-dim=4 time-offsets=-2,0,3 max-change=0.75 l2-regularize=0.01
component-node name=mix component=mix input=Append(Sum(part, Scale(0.5, r)), Switch(part, Offset(part, 1)))
component name=norm type=BatchNormComponent dim=4 block-dim=2 target-rms=0.5
component-node name=norm component=norm input=Sum(Sum(mix, Const(0.25, 4)), Round(mix, 3))
component name=relu type=RectifiedLinearComponent dim=4
component-node name=relu component=relu input=Failover(norm, Offset(norm, 1))
component name=out type=NaturalGradientAffineComponent input-dim=4 output-dim=4
component-node name=out component=out input=relu
output-node name=output input=out objective=linear
component name=xent type=LogSoftmaxComponent dim=4
component-node name=xent component=xent input=out
output-node name=output-xent input=Offset(xent, 4) objective=quadratic
EOF
nnet3-init --srand=1 --binary=false "$work/descriptors.config" nnet3_descriptors.txt
# Batch normalization without statistics could not be scored.
sed -i 's/<Count> 0 <StatsMean>  \[ 0 0 \]/<Count> 9 <StatsMean>  [ 0.5 -0.25 ]/; s/<StatsVar>  \[ 0 0 \]/<StatsVar>  [ 1.5 2 ]/' nnet3_descriptors.txt

# Every type of component, each used by nothing.
cat >"$work/components.config" <<'EOF'
input-node name=input dim=4
output-node name=output input=input
component name=sigmoid type=SigmoidComponent dim=4
component name=tanh type=TanhComponent dim=4
component name=softmax type=SoftmaxComponent dim=4
component name=log-softmax type=LogSoftmaxComponent dim=4
component name=relu type=RectifiedLinearComponent dim=4 block-dim=2
component name=normalize type=NormalizeComponent dim=4 block-dim=2 target-rms=0.5 add-log-stddev=true
component name=pnorm type=PnormComponent input-dim=4 output-dim=2
component name=affine type=AffineComponent input-dim=4 output-dim=3
component name=linear type=LinearComponent input-dim=4 output-dim=3 orthonormal-constraint=-1.0
component name=ng-affine type=NaturalGradientAffineComponent input-dim=4 output-dim=3
component name=scale type=PerElementScaleComponent dim=4
component name=ng-scale type=NaturalGradientPerElementScaleComponent dim=4
component name=offset type=PerElementOffsetComponent dim=4 block-dim=2
component name=sum-group type=SumGroupComponent sizes=1,3
component name=fixed-affine type=FixedAffineComponent input-dim=4 output-dim=3
component name=fixed-scale type=FixedScaleComponent dim=4
component name=fixed-bias type=FixedBiasComponent dim=4
component name=noop type=NoOpComponent dim=4
component name=clip type=ClipGradientComponent dim=4
component name=product type=ElementwiseProductComponent input-dim=4 output-dim=2
component name=convolution type=ConvolutionComponent input-x-dim=2 input-y-dim=2 input-z-dim=1 filt-x-dim=2 filt-y-dim=1 filt-x-step=1 filt-y-step=1 num-filters=3 input-vectorization-order=zyx
component name=tdnn type=TdnnComponent input-dim=2 output-dim=3 time-offsets=-1,2 use-bias=false
component name=maxpool type=MaxpoolingComponent input-x-dim=2 input-y-dim=2 input-z-dim=1 pool-x-size=2 pool-y-size=1 pool-z-size=1 pool-x-step=1 pool-y-step=1 pool-z-step=1
component name=permute type=PermuteComponent column-map=3,1,0,2
component name=distribute type=DistributeComponent input-dim=4 output-dim=2
component name=repeated type=RepeatedAffineComponent input-dim=4 output-dim=6 num-repeats=2
component name=ng-repeated type=NaturalGradientRepeatedAffineComponent input-dim=4 output-dim=6 num-repeats=2
component name=block-affine type=BlockAffineComponent input-dim=4 output-dim=6 num-blocks=2
component name=stats type=StatisticsExtractionComponent input-dim=2 input-period=1 output-period=3 include-variance=true
component name=pooling type=StatisticsPoolingComponent input-dim=5 input-period=3 left-context=6 right-context=3 num-log-count-features=1 output-stddevs=true
component name=constant-function type=ConstantFunctionComponent input-dim=4 output-dim=3
component name=constant type=ConstantComponent output-dim=3
component name=fixed-constant type=ConstantComponent output-dim=3 is-updatable=false
component name=dropout type=DropoutComponent dim=4 dropout-proportion=0.25
component name=dropout-mask type=DropoutMaskComponent output-dim=3 dropout-proportion=0.125
component name=general-dropout type=GeneralDropoutComponent dim=4 dropout-proportion=0.5 continuous=true
component name=spec-augment type=SpecAugmentTimeMaskComponent dim=4 zeroed-proportion=0.25 time-mask-max-frames=10
component name=truncation type=BackpropTruncationComponent dim=4 recurrence-interval=3
component name=lstm type=LstmNonlinearityComponent cell-dim=2 use-dropout=true
component name=batch-norm type=BatchNormComponent dim=4 block-dim=2
component name=attention type=RestrictedAttentionComponent num-heads=2 key-dim=2 value-dim=3 num-left-inputs=2 num-right-inputs=1 num-left-inputs-required=1 num-right-inputs-required=0 time-stride=2
component name=sum-block type=SumBlockComponent input-dim=4 output-dim=2 scale=0.5
component name=gru type=GruNonlinearityComponent cell-dim=3 recurrent-dim=2
component name=output-gru type=OutputGruNonlinearityComponent cell-dim=3
component name=scale-offset type=ScaleAndOffsetComponent dim=4 block-dim=2
component name=cnn type=TimeHeightConvolutionComponent num-filters-in=1 num-filters-out=2 height-in=4 height-out=2 height-subsample-out=2 time-offsets=-1,0,1 height-offsets=0,1 required-time-offsets=0
component name=composite type=CompositeComponent num-components=3 component1='type=AffineComponent input-dim=4 output-dim=3' component2='type=RectifiedLinearComponent dim=3' component3='type=PerElementScaleComponent dim=3'
EOF
nnet3-init --srand=2 --binary=false "$work/components.config" nnet3_components.txt

for name in nnet3_descriptors nnet3_components; do
  nnet3-copy --binary=true $name.txt $name.raw
  nnet3-info $name.raw >$name.info
done

# --- transition models -------------------------------------------------------------------------------------------------

# Two phones of one state, of the form with pdfs of their own for self-loops (chain), and of the usual form.
cat >"$work/chain.trans" <<'EOF'
<TransitionModel>
<Topology>
<TopologyEntry> <ForPhones> 1 2 </ForPhones>
<State> 0 <ForwardPdfClass> 0 <SelfLoopPdfClass> 1 <Transition> 0 0.5 <Transition> 1 0.5 </State>
<State> 1 </State>
</TopologyEntry>
</Topology>
<Tuples> 2
1 0 0 1
2 0 2 3
</Tuples>
<LogProbs> [ 0 -0.693147 -0.693147 -0.693147 -0.693147 ] </LogProbs>
</TransitionModel>
EOF
cat >"$work/usual.trans" <<'EOF'
<TransitionModel>
<Topology>
<TopologyEntry> <ForPhones> 1 </ForPhones>
<State> 0 <PdfClass> 0 <Transition> 0 0.5 <Transition> 1 0.5 </State>
<State> 1 <PdfClass> 1 <Transition> 1 0.5 <Transition> 2 0.5 </State>
<State> 2 </State>
</TopologyEntry>
<TopologyEntry> <ForPhones> 2 3 </ForPhones>
<State> 0 <PdfClass> 0 <Transition> 0 0.75 <Transition> 1 0.25 </State>
<State> 1 </State>
</TopologyEntry>
</Topology>
<Triples> 4
1 0 0
1 1 1
2 0 2
3 0 3
</Triples>
<LogProbs> [ 0 -0.6 -0.8 -0.6 -0.8 -0.6 -0.8 -0.6 -0.8 ] </LogProbs>
</TransitionModel>
EOF

nnet3-am-init --binary=false "$work/chain.trans" nnet3_descriptors.txt nnet3_chain_am.txt
nnet3-am-init --binary=false "$work/usual.trans" nnet3_descriptors.txt "$work/am.txt"
sed 's/<Priors>  \[ \]/<Priors>  [ 0.125 0.25 0.5 0.125 ]/' "$work/am.txt" >nnet3_usual_am.txt
for name in nnet3_chain_am nnet3_usual_am; do
  nnet3-am-copy --binary=true $name.txt $name.mdl
  nnet3-am-info $name.mdl >$name.info
done

# --- nnet2 -------------------------------------------------------------------------------------------------------------

echo '[ 0.5 -1 0.25
  2 0.125 -0.5 ]' >"$work/two_by_three"
echo '[ 0.5 -1 0.25 4 ]' >"$work/four"
cat >"$work/chain.config" <<EOF
SpliceComponent input-dim=4 context=-2:0:1 const-component-dim=1
AffineComponent input-dim=10 output-dim=6 learning-rate=0.01
TanhComponent dim=6
SpliceComponent input-dim=6 left-context=1 right-context=2
AffineComponentPreconditionedOnline input-dim=24 output-dim=8 learning-rate=0.01
PnormComponent input-dim=8 output-dim=4 p=2
NormalizeComponent dim=4
AffineComponentPreconditioned input-dim=4 output-dim=4 alpha=4.0 max-change=10 learning-rate=0.01
SoftmaxComponent dim=4
EOF
cat >"$work/every.config" <<EOF
SigmoidComponent dim=4
TanhComponent dim=4
PowerComponent dim=4 power=2
LogSoftmaxComponent dim=4
RectifiedLinearComponent dim=4
NormalizeComponent dim=4
SoftHingeComponent dim=4
ScaleComponent dim=4 scale=0.5
FixedScaleComponent scales=$work/four
FixedBiasComponent bias=$work/four
PermuteComponent dim=4
DropoutComponent dim=4 dropout-proportion=0.25 dropout-scale=0.5
AdditiveNoiseComponent dim=4 stddev=0.125
SpliceMaxComponent dim=4 left-context=1 right-context=1
DctComponent dim=4 dct-dim=2 reorder=true
BlockAffineComponent input-dim=4 output-dim=8 num-blocks=2
BlockAffineComponentPreconditioned input-dim=8 output-dim=6 num-blocks=2 alpha=4.0
SumGroupComponent sizes=1:3:2
FixedLinearComponent matrix=$work/two_by_three
AffineComponent input-dim=2 output-dim=2
FixedAffineComponent matrix=$work/two_by_three
Convolutional1dComponent input-dim=2 output-dim=6 patch-dim=1 patch-step=1 patch-stride=2 appended-conv=false
MaxpoolingComponent input-dim=6 output-dim=3 pool-size=2 pool-stride=1
MaxoutComponent input-dim=3 output-dim=1
AffineComponentPreconditioned input-dim=1 output-dim=8 alpha=4.0 max-change=10
PnormComponent input-dim=8 output-dim=4 p=3
AffineComponentPreconditionedOnline input-dim=4 output-dim=4
SoftmaxComponent dim=4
EOF
for name in chain every; do
  nnet-init --srand=3 --binary=false "$work/$name.config" nnet2_$name.txt
done
raw-nnet-copy --binary=true nnet2_every.txt nnet2_every.raw
raw-nnet-info nnet2_every.raw >nnet2_every.info
nnet-am-init --binary=false "$work/usual.trans" nnet2_chain.txt "$work/am.txt"
sed "s|</Nnet>  \[ \]|</Nnet>  [ 0.125 0.25 0.5 0.125 ]|" "$work/am.txt" >nnet2_am.txt
nnet-am-copy --binary=true nnet2_am.txt nnet2_am.mdl
nnet-am-info nnet2_am.mdl >nnet2_am.info
rm nnet2_chain.txt

# --- nnet1 -------------------------------------------------------------------------------------------------------------

cat >"$work/inner_a.proto" <<'EOF'
<AffineTransform> <InputDim> 2 <OutputDim> 3 <BiasMean> 0 <BiasRange> 1
<Tanh> <InputDim> 3 <OutputDim> 3
EOF
cat >"$work/inner_b.proto" <<'EOF'
<LinearTransform> <InputDim> 2 <OutputDim> 1
EOF
cat >"$work/selector.proto" <<'EOF'
<AffineTransform> <InputDim> 2 <OutputDim> 2 <BiasMean> 0 <BiasRange> 1
<Softmax> <InputDim> 2 <OutputDim> 2
EOF
cat >"$work/basis.proto" <<'EOF'
<AffineTransform> <InputDim> 2 <OutputDim> 4 <BiasMean> 0 <BiasRange> 1
EOF
cat >"$work/average.proto" <<'EOF'
<AffineTransform> <InputDim> 4 <OutputDim> 2 <BiasMean> 0 <BiasRange> 1
EOF
cat >"$work/every.proto" <<EOF
<Splice> <InputDim> 2 <OutputDim> 6 <BuildVector> -1 0 2 </BuildVector>
<Copy> <InputDim> 6 <OutputDim> 4 <BuildVector> 1 3:4 6 </BuildVector>
<AddShift> <InputDim> 4 <OutputDim> 4 <InitParam> 0.5
<Rescale> <InputDim> 4 <OutputDim> 4 <InitParam> 2
<AffineTransform> <InputDim> 4 <OutputDim> 4 <BiasMean> 0 <BiasRange> 1
<Sigmoid> <InputDim> 4 <OutputDim> 4
<LinearTransform> <InputDim> 4 <OutputDim> 4
<Tanh> <InputDim> 4 <OutputDim> 4
<Dropout> <InputDim> 4 <OutputDim> 4 <DropoutRate> 0.25
<LengthNormComponent> <InputDim> 4 <OutputDim> 4
<ParametricRelu> <InputDim> 4 <OutputDim> 4 <Alpha> 1 <Beta> 0.25
<LstmProjected> <InputDim> 4 <OutputDim> 2 <CellDim> 3
<BlstmProjected> <InputDim> 2 <OutputDim> 4 <CellDim> 3
<RecurrentComponent> <InputDim> 4 <OutputDim> 4
<ConvolutionalComponent> <InputDim> 4 <OutputDim> 6 <PatchDim> 2 <PatchStep> 1 <PatchStride> 4
<AveragePoolingComponent> <InputDim> 6 <OutputDim> 4 <PoolSize> 2 <PoolStep> 1 <PoolStride> 2
<MaxPoolingComponent> <InputDim> 4 <OutputDim> 2 <PoolSize> 2 <PoolStep> 1 <PoolStride> 2
<Rbm> <InputDim> 2 <OutputDim> 4 <VisibleType> gauss <HiddenType> bern <VisibleBiasMean> 0 <VisibleBiasRange> 0 <HiddenBiasMean> 0 <HiddenBiasRange> 1 <ParamStddev> 0.1
<HiddenSoftmax> <InputDim> 4 <OutputDim> 4
<ParallelComponent> <InputDim> 4 <OutputDim> 4 <NestedNnetProto> $work/inner_a.proto $work/inner_b.proto </NestedNnetProto>
<MultiBasisComponent> <InputDim> 4 <OutputDim> 4 <SelectorProto> $work/selector.proto <BasisProto> $work/basis.proto
<SentenceAveragingComponent> <InputDim> 4 <OutputDim> 6 <NestedNnetProto> $work/average.proto
<FramePoolingComponent> <InputDim> 6 <OutputDim> 4 <FeatureDim> 2 <CentralOffset> [ 0 0 ] <PoolSize> [ 1 2 ] <PoolWeight> [ 0.5 0.25 0.75 ] <Normalize> F
<SimpleSentenceAveragingComponent> <InputDim> 4 <OutputDim> 4
<KlHmm> <InputDim> 4 <OutputDim> 4
<BlockSoftmax> <InputDim> 4 <OutputDim> 4 <BlockDims> 1,3
<Softmax> <InputDim> 4 <OutputDim> 4
EOF
nnet-initialize --seed=5 --binary=false "$work/every.proto" nnet1_every.txt
nnet-copy --binary=true nnet1_every.txt nnet1_every.nnet
nnet-info nnet1_every.nnet >nnet1_every.info

# What transition-ids mean
printf '<eps> 0\nA 1\nB 2\nC 3\n' >"$work/phones.txt"
for name in nnet2_am nnet3_usual_am nnet3_chain_am; do
  show-transitions "$work/phones.txt" $name.mdl >$name.transitions
done
