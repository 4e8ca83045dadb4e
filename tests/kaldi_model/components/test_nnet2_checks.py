"""Fields of nnet2's components that contradict each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.convert.from_file import convert_file
from ov_asr_score.errors import ModelFormatError, ShapeMismatchError
from ov_asr_score.kaldi_model.loading import load_network
from ov_asr_score.settings.kaldi import KaldiOptions
from tests.kaldi_model.damaged_text import changed
from tests.kaldi_model.model_files import FOLDER

DAMAGE = [
    (0, "SigmoidComponent", "<Dim> 4", "<Dim> 5", "expects 4 columns, 'component0.SigmoidComponent' before it gives 5"),
    (10, "PermuteComponent", "[ 0", "[ 7", "in <Reorder>, found others"),
    (10, "PermuteComponent", "[ 0", "[ -1", "in <Reorder>, found others"),
    (13, "SpliceMaxComponent", "[ -1 0 1 ]", "[ 1 0 -1 ]", "expected frame offsets between the first and the last one"),
    (13, "SpliceMaxComponent", "[ -1 0 1 ]", "[ -1 2 1 ]", "found [-1, 2, 1]"),
    (13, "SpliceMaxComponent", "[ -1 0 1 ]", "[ -1000000 0 1 ]", "expected frames at most 20000 away, found 1000000"),
    (14, "DctComponent", "<DctDim> 2", "<DctDim> 3", "expected <Dim> to be a multiple of <DctDim>, found 4 and 3"),
    (
        14,
        "DctComponent",
        "<DctKeepDim> 2",
        "<DctKeepDim> 3",
        "expected <DctKeepDim> of at most <DctDim>, found 3 and 2",
    ),
    (14, "DctComponent", "<Dim> 4", "<Dim> 100000000", "expected <Dim> of at most 4096, found 100000000"),
    (15, "BlockAffineComponent", "<NumBlocks> 2", "<NumBlocks> 3", "expected rows to be a multiple of <NumBlocks>"),
    (15, "BlockAffineComponent", "<NumBlocks> 2", "<NumBlocks> 0", "expected rows to be a multiple of <NumBlocks>"),
    (17, "SumGroupComponent", "[ 1 3 2 ]", "[ 1 5 0 ]", "expected sizes of 1 or more in <Sizes>"),
    (19, "AffineComponent", "<BiasParams>  [ ", "<BiasParams>  [ 1 ", "expected 2 values in <BiasParams>"),
    (
        20,
        "FixedAffineComponent",
        "<BiasParams>  [ ",
        "<BiasParams>  [ 1 ",
        "one for each row of <LinearParams>, found 3",
    ),
    (
        21,
        "Convolutional1dComponent",
        "<PatchStep> 1",
        "<PatchStep> 0",
        "expected <PatchStep> above 0, found 0",
    ),
    (21, "Convolutional1dComponent", "<PatchDim> 1", "<PatchDim> 3", "expected <PatchDim> of 1 to <PatchStride>"),
    (
        21,
        "Convolutional1dComponent",
        "<PatchStep> 1",
        "<PatchStep> -1",
        "expected <PatchStep> above 0, found -1",
    ),
    (22, "MaxpoolingComponent", "<PoolSize> 2", "<PoolSize> 0", "expected <PoolSize> and <PoolStride> other than 0"),
    (22, "MaxpoolingComponent", "<PoolStride> 1", "<PoolStride> 0", "other than 0, found 2 and 0"),
    (22, "MaxpoolingComponent", "<OutputDim> 3", "<OutputDim> 2", "expected <OutputDim> of 3 or more, found 2"),
    (23, "MaxoutComponent", "<OutputDim> 1", "<OutputDim> 0", "expected <InputDim> to be a multiple of <OutputDim>"),
    (25, "PnormComponent", "<OutputDim> 4", "<OutputDim> 3", "expected <InputDim> to be a multiple of <OutputDim>"),
    (25, "PnormComponent", "<P> 3", "<P> -1", "expected <P> of 0 or more, found -1"),
]


@pytest.mark.parametrize(("index", "kind", "old", "new", "message"), DAMAGE)
def test_damage(tmp_path: Path, index: int, kind: str, old: str, new: str, message: str) -> None:
    path, _ = changed(tmp_path, FOLDER / "nnet2_every.txt", f"<{kind}> ", old, new)
    with pytest.raises(ModelFormatError) as failure:
        load_network(path)
    text = str(failure.value)
    assert text.startswith(f"{path}: component '")
    assert f"component{index}.{kind}' at byte " in text or f"'component{index}.{kind}' before it" in text
    assert message in text


def test_the_constant_part_of_a_splice(tmp_path: Path) -> None:
    path, _ = changed(
        tmp_path, FOLDER / "nnet2_am.txt", "<SpliceComponent> ", "<ConstComponentDim> 1", "<ConstComponentDim> 4"
    )
    with pytest.raises(ModelFormatError, match="expected <ConstComponentDim> from 0 to below <InputDim>, found 4"):
        load_network(path)


@pytest.mark.parametrize("context", ["[ 3 4 5 ]", "[ -9 -8 -7 ]"])
def test_frames_on_one_side(tmp_path: Path, context: str) -> None:
    path, _ = changed(
        tmp_path, FOLDER / "nnet2_am.txt", "<SpliceComponent> ", "<Context> [ -2 0 1 ]", f"<Context> {context}"
    )
    with pytest.raises(ModelFormatError, match="expected frames from 0 or less to 0 or more for a frame of scores"):
        load_network(path)


def test_priors_of_the_wrong_size_are_refused_where_they_are_used(tmp_path: Path) -> None:
    path, _ = changed(tmp_path, FOLDER / "nnet2_am.txt", "</Nnet>", "[ 0.125", "[ 0.125 0.125")
    convert_file(path)
    with pytest.raises(ShapeMismatchError, match="5 priors for an output of 4 pdfs; expected as many"):
        convert_file(path, KaldiOptions(divide_by_priors=True))


def test_a_wrong_number_of_components(tmp_path: Path) -> None:
    path, _ = changed(tmp_path, FOLDER / "nnet2_am.txt", "<Nnet> ", "<NumComponents> 9", "<NumComponents> 10")
    with pytest.raises(ModelFormatError, match=r"component 9 of 10 at byte \d+: expected a component type"):
        load_network(path)
    path, _ = changed(tmp_path, FOLDER / "nnet2_am.txt", "<Nnet> ", "<NumComponents> 9", "<NumComponents> 0")
    with pytest.raises(ModelFormatError, match="expected a number of components, found 0"):
        load_network(path)
