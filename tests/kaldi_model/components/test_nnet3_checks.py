"""Fields of nnet3's components that contradict each other: refused with the component, its byte and what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.errors import ModelFormatError
from ov_asr_score.kaldi_model.loading import load_network
from tests.kaldi_model.damaged_text import changed
from tests.kaldi_model.model_files import FOLDER

DAMAGE = [
    ("sigmoid", "<Dim> 4", "<Dim> 0", "expected <Dim> of 1 or more, found 0"),
    ("sigmoid", "<Dim> 4", "<Dim> 2000000", "expected widths from 1 to 1048576, found 2000000 and 2000000"),
    ("normalize", "<BlockDim> 2", "<BlockDim> 3", "expected the width to be a multiple of <BlockDim>, found 4 and 3"),
    ("normalize", "<BlockDim> 2", "<BlockDim> 0", "expected the width to be a multiple of <BlockDim>, found 4 and 0"),
    ("normalize", "<TargetRms> 0.5", "<TargetRms> nan", "expected <TargetRms> of which a square can be divided by"),
    ("normalize", "<TargetRms> 0.5", "<TargetRms> 1e-30", "expected <TargetRms> of which a square can be divided by"),
    ("normalize", "<TargetRms> 0.5", "<TargetRms> -0.5", "expected <TargetRms> of which there is a logarithm"),
    ("general-dropout", "<BlockDim> 4", "<BlockDim> 0", "expected <BlockDim> of 1 or more, found 0"),
    ("normalize", "<InputDim> 4", "", "expected fields that fit each other, found others"),
    ("pnorm", "<OutputDim> 2", "<OutputDim> 3", "expected <InputDim> to be a multiple of <OutputDim>, found 4 and 3"),
    ("affine", "<BiasParams>  [ ", "<BiasParams>  [ 7 ", "expected 3 values in <BiasParams>, one for each row of "),
    ("affine", "<BiasParams>  [ ", "<BiasParams>  [ ] <Bias> [ ", "expected one of <LearningRateFactor>, "),
    ("sum-group", "[ 1 3 ]", "[ 0 4 ]", "expected sizes of 1 or more in <Sizes>, found others or none"),
    ("sum-group", "[ 1 3 ]", "[ ]", "expected sizes of 1 or more in <Sizes>, found others or none"),
    ("product", "<OutputDim> 2", "<OutputDim> -2", "expected <OutputDim> of 1 or more, found -2"),
    ("product", "<OutputDim> 2", "<OutputDim> 5", "expected <OutputDim> of at most <InputDim>, found 5 and 4"),
    (
        "convolution",
        "<FiltXDim> 2",
        "<FiltXDim> 3",
        "expected a filter that fits into the input, found one too long by 1",
    ),
    ("convolution", "<FiltYStep> 1", "<FiltYStep> 0", "expected <FiltYStep> of 1 or more, found 0"),
    ("convolution", "<InputZDim> 1", "<InputZDim> 2", "expected 4 columns or more in <FilterParams>, found 2"),
    ("tdnn", "[ -1 2 ]", "[ -1 2 3 ]", "expected columns to be a multiple of the time offsets, found 4 and 3"),
    ("tdnn", "[ -1 2 ]", "[ 2 2 ]", "expected different numbers in <TimeOffsets>, found the same twice"),
    ("tdnn", "[ -1 2 ]", "[ -1 200000 ]", "expected frames at most 20000 away, found 200000"),
    ("tdnn", "[ -1 2 ]", "[ ]", "expected columns to be a multiple of the time offsets, found 4 and 0"),
    ("tdnn", "<BiasParams>  [ ]", "<BiasParams>  [ 1 ]", "expected 3 values in <BiasParams>"),
    ("maxpool", "<PoolXSize> 2", "<PoolXSize> 3", "expected <PoolXStep> <= <PoolXSize> <= <InputXDim>, found others"),
    ("maxpool", "<PoolYStep> 1", "<PoolYStep> 0", "expected <PoolYStep> of 1 or more, found 0"),
    ("permute", "[ 3 1 0 2 ]", "[ 3 1 0 3 ]", "expected every column once in <ColumnMap>, found others"),
    ("distribute", "<OutputDim> 2", "<OutputDim> 5", "expected <OutputDim> of at most <InputDim>, found 5 and 4"),
    ("repeated", "<NumRepeats> 2", "<NumRepeats> 0", "expected <NumRepeats> of 1 or more, found 0"),
    ("block-affine", "<NumBlocks> 2", "<NumBlocks> 4", "expected rows to be a multiple of <NumBlocks>, found 6 and 4"),
    ("stats", "<InputPeriod> 1", "<InputPeriod> 2", "expected <OutputPeriod> to be a multiple of <InputPeriod>"),
    ("stats", "<OutputPeriod> 3", "<OutputPeriod> 3000", "expected <OutputPeriod> of at most 1000 frames, found 3000"),
    ("pooling", "<InputPeriod> 3", "<InputPeriod> 0", "expected <InputPeriod> of 1 or more, found 0"),
    ("pooling", "<LeftContext> 6", "<LeftContext> 7", "expected <LeftContext> to be a multiple of <InputPeriod>"),
    ("pooling", "<LeftContext> 6", "<LeftContext> 60000000", "expected frames at most 20000 away, found 60000000"),
    ("pooling", "<RightContext> 3", "<RightContext> -3", "expected <RightContext> of 0 or more, found -3"),
    ("pooling", "<InputDim> 5", "<InputDim> 4", "expected an odd <InputDim> (count, sums and squares), found 4"),
    ("constant", "<Output>  [ 0 0 0 ]", "<Output>  [ ]", "expected widths from 1 to 1048576, found 0 and 0"),
    ("lstm", "<Params>  [\n", "<Params>  [\n1 2\n", "expected 3 rows in <Params>, found 4"),
    ("batch-norm", "<Epsilon> 0.001", "<Epsilon> 0", "expected <Epsilon> above 0, found 0"),
    ("batch-norm", "<StatsMean>  [ 0 0 ]", "<StatsMean>  [ 0 0 0 ]", "expected 2 values in <StatsMean>, found 3"),
    ("batch-norm", "<StatsMean>  [ 0 0 ]", "<StatsMean>  [ 0 1e20 ]", "with finite sums of squares"),
    ("attention", "<NumHeads> 2", "<NumHeads> 0", "expected <NumHeads> of 1 or more, found 0"),
    (
        "attention",
        "<NumLeftInputsRequired> 1",
        "<NumLeftInputsRequired> 5",
        "expected <NumLeftInputsRequired> of at most",
    ),
    ("attention", "<TimeStride> 2", "<TimeStride> 1000000", "expected frames at most 20000 away, found 2000000"),
    ("sum-block", "<OutputDim> 2", "<OutputDim> 3", "expected <InputDim> to be a multiple of <OutputDim>"),
    (
        "sum-block",
        "<OutputDim> 2",
        "<OutputDim> 6",
        "expected <OutputDim> to be a multiple of <InputDim>, found 6 and 4",
    ),
    ("gru", "<RecurrentDim> 2", "<RecurrentDim> 3", "expected <w_h> of 3 x 3, found 3 x 2"),
    ("output-gru", "<CellDim> 3", "<CellDim> 4", "expected 4 values in <w_h>, found 3"),
    ("scale-offset", "<Offsets>  [ 0 0 ]", "<Offsets>  [ 0 ]", "expected <Scales> and <Offsets> of the same size"),
    ("scale-offset", "<Dim> 4", "<Dim> 5", "expected <Dim> to be a multiple of the size of <Scales>, found 5 and 2"),
    ("cnn", "<NumFiltersOut> 2", "<NumFiltersOut> 3", "expected <LinearParams> of 3 x 6, found 2 x 6"),
    ("cnn", "<NumFiltersIn> 1", "<NumFiltersIn> 2", "expected <LinearParams> of 2 x 12, found 2 x 6"),
    ("cnn", "[ -1,0 -1,1", "[ -1,0 -1,0", "expected different pairs in <Offsets>, found the same twice"),
    (
        "cnn",
        "[ -1,0 -1,1",
        "[ -1,0 -1,100000000",
        "expected near <Offsets>, found some that are 3 frames and 100000001",
    ),
    (
        "cnn",
        "<RequiredTimeOffsets> [ 0 ]",
        "<RequiredTimeOffsets> [ 5 ]",
        "expected <RequiredTimeOffsets> to be some of",
    ),
    ("cnn", "<HeightSubsampleOut> 2", "<HeightSubsampleOut> 0", "expected <HeightSubsampleOut> of 1 or more, found 0"),
    ("composite", "<NumComponents> 3", "<NumComponents> 2", "expected </CompositeComponent>, found '<PerElementScale"),
    (
        "composite",
        "<RectifiedLinearComponent> <Dim> 3",
        "<RectifiedLinearComponent> <Dim> 2",
        "expected 2 columns, found 3",
    ),
    ("composite", "<BiasParams>  [ ", "<BiasParams>  [ 1 ", "expected 3 values in <BiasParams>"),
]


ACCEPTED = [
    ("relu", "<BlockDim> 2", "<BlockDim> 3"),
    ("relu", "<BlockDim> 2", "<BlockDim> 0"),
    ("general-dropout", "<BlockDim> 4", "<BlockDim> 3"),
    ("product", "<OutputDim> 2", "<OutputDim> 3"),
    ("distribute", "<OutputDim> 2", "<OutputDim> 3"),
    ("sum-block", "<OutputDim> 2", "<OutputDim> 8"),
    ("convolution", "<FiltYStep> 1", "<FiltYStep> 2"),
    ("convolution", "<FiltXDim> 2", "<FiltXDim> 1"),
    ("convolution", "<FiltXDim> 2", "<FiltXDim> 0"),
    ("convolution", "<InputVectorization> 1", "<InputVectorization> 2"),
    ("attention", "<NumLeftInputsRequired> 1", "<NumLeftInputsRequired> -1"),
    ("cnn", "<ConvolutionModel> ", ""),
    ("sigmoid", "<SigmoidComponent> ", "<SigmoidComponent> <SigmoidComponent> "),
    ("affine", "<AffineComponent> ", "xAffineComponentx "),
]
"""What Kaldi takes, though its own programs do not write it."""


def _used(folder: Path, name: str, old: str, new: str) -> tuple[Path, int]:
    """A network that needs the component ``name``, in which ``old`` is replaced; the byte where the component begins.

    Of what no output needs, fields are not looked at.
    """
    text = (FOLDER / "nnet3_components.txt").read_text()
    nodes = f"component-node name=used component={name} input=input\noutput-node name=output input=used"
    source = folder / "source.txt"
    source.write_text(text.replace("output-node name=output input=input objective=linear", nodes))
    return changed(folder, source, f"<ComponentName> {name} ", old, new)


@pytest.mark.parametrize(("name", "old", "new"), ACCEPTED)
def test_what_kaldi_takes(tmp_path: Path, name: str, old: str, new: str) -> None:
    path, _ = _used(tmp_path, name, old, new)
    try:
        network = load_network(path)
    except ModelFormatError as error:
        # The network of this test has four columns for whatever component it is.
        assert "node 'used'" in str(error)
        assert " columns, its input has 4" in str(error)
    else:
        assert name in network.components


def test_faults_of_unused_components(tmp_path: Path) -> None:
    path, _ = changed(
        tmp_path, FOLDER / "nnet3_components.txt", "<ComponentName> affine ", "<BiasParams>  [ ", "<BiasParams>  [ 7 "
    )
    assert "affine" not in load_network(path).components
    orphans = "component-node name=a component=affine input=input\ncomponent-node name=b component=tanh input=a\n"
    path.write_text(path.read_text().replace("output-node ", f"{orphans}output-node ", 1))
    assert [node.name for node in load_network(path).nodes] == ["input", "output"]


@pytest.mark.parametrize(("name", "old", "new", "message"), DAMAGE)
def test_damage(tmp_path: Path, name: str, old: str, new: str, message: str) -> None:
    path, at = _used(tmp_path, name, old, new)
    with pytest.raises(ModelFormatError) as failure:
        load_network(path)
    text = str(failure.value)
    assert text.startswith(f"{path}: component '{name}'")
    assert message in text
    # Either where the component begins, or, if it could not be read, where it cannot be.
    assert f"at byte {at} " in text or " of 47) at byte " in text
    assert "\n" not in text
