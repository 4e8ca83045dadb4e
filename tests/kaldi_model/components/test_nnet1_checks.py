from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.errors import ModelFormatError, OvAsrScoreError
from ov_asr_score.kaldi_model.loading import load_network
from tests.golden.nnet1_text import ModelText, copy, multi_basis, network, parallel, plain, pooling, sentence_averaging

MODEL = ModelText(1)
LSTM = MODEL.lstm(2, 3, 4)
FRAME_POOLING = MODEL.frame_pooling(2, 3, ((0, 2), (1, 2)))

BROKEN = (
    (MODEL.affine(3, 4).replace("> 3 4", "> 3 5", 1), "expected Linearity of 3 x 5, found 3 x 4"),
    ("<AffineTransform> 1 1 [ 2 ] [ 1 2 ]", "expected 1 values in Bias, found 2"),
    (MODEL.linear(3, 4).replace("> 3 4", "> 2 4", 1), "expected Linearity of 2 x 4, found 3 x 4"),
    (MODEL.rbm(3, 4, "bern", "lognormal"), "expected HidType bern or gauss, found 'lognormal'"),
    (MODEL.rbm(3, 4, "bern", "bern").replace("> 3 4", "> 3 2", 1), "expected VisHid of 3 x 2, found 3 x 4"),
    (MODEL.convolution(2, 1, 4, 2, 3).replace("<PatchStep> 1", "<PatchStep> 0"), "to be a multiple of <PatchStep>"),
    (MODEL.convolution(2, 1, 4, 2, 3).replace("<PatchDim> 2", "<PatchDim> 5"), "expected <PatchDim> of 1 to"),
    (MODEL.convolution(2, 1, 4, 2, 3).replace("> 9 8", "> 9 6", 1), "expected the input to be a multiple of <PatchStr"),
    (MODEL.convolution(2, 1, 4, 2, 3).replace("> 9 8", "> 6 8", 1), "expected Filters of 2 x 4, found 3 x 4"),
    (LSTM.replace("<CellDim> 2", "<CellDim> 3"), "expected WGifoX of 12 x 4, found 8 x 4"),
    (LSTM.replace("<CellDim> 2", "<CellDim> 0"), "expected <CellDim> of 1 or more, found 0"),
    (LSTM.replace("> 3 4", "> 2 4", 1), "expected WGifoR of 8 x 2, found 8 x 3"),
    (MODEL.blstm(2, 6, 4).replace("> 6 4", "> 5 4", 1), "expected the output to be a multiple of the two directions"),
    (MODEL.recurrent(3, 4).replace("> 3 4", "> 3 5", 1), "expected WForward of 3 x 5, found 3 x 4"),
    (plain("BlockSoftmax", 6, "[ 2 3 ]"), r"expected blocks that make 6 columns, found \[2, 3\]"),
    (plain("BlockSoftmax", 6, "[ 7 -1 ]"), r"expected blocks that make 6 columns, found \[7, -1\]"),
    ("<Sigmoid> 3 4", "expected an output as wide as the input, found 3 and 4"),
    (plain("ParametricRelu", 2, "[ 1 ] [ 1 2 ]"), "expected 2 values in Alpha, found 1"),
    (plain("Dropout", 2, "<DropoutRate> 1"), "expected a rate of dropout from 0 to below 1, found 1"),
    (plain("Dropout", 2, "<DropoutRetention> 1.5"), "expected a rate of dropout from 0 to below 1, found -0.5"),
    ("<Splice> 8 3 [ -1 0 1 ]", "expected 3 frames of 3 columns to make the output, found 8 columns"),
    (copy(3, 1, 4), "expected columns from 1 to 3, found 1 to 4"),
    (copy(3, 0, 3), "expected columns from 1 to 3, found 0 to 3"),
    ("<Copy> 3 3 [ 1 2 ]", "expected 3 values in CopyFromIndices, found 2"),
    (plain("AddShift", 3, "[ 1 2 ]"), "expected 3 values in ShiftData, found 2"),
    (plain("Rescale", 3, "[ 1 2 3 4 ]"), "expected 3 values in ScaleData, found 4"),
    (MODEL.kl_hmm(3, 4).replace("> 3 4", "> 4 3", 1), "expected KlStats of 4 x 3, found 3 x 4"),
    (pooling("MaxPoolingComponent", 2, 2, 3, 5), "expected what a pool leaves to be a multiple of <PoolStep>, found 3"),
    (
        pooling("AveragePoolingComponent", 2, 2, 3, 4).replace("Size> 2 <PoolStep> 2", "Size> 6 <PoolStep> -2"),
        "expected <PoolSize> of 1 to 4, found 6",
    ),
    (pooling("AveragePoolingComponent", 0, 2, 3, 4), "expected <PoolSize> other than 0, found 0"),
    ("<MaxPoolingComponent> 6 12 <PoolSize> 2 <PoolStep> 0 <PoolStride> 3", "other than 0, found 0 and 3"),
    ("<MaxPoolingComponent> 5 12 <PoolSize> 2 <PoolStep> 2 <PoolStride> 3", "expected an output of 2 pools of 3 col"),
    (FRAME_POOLING.replace("[ 0 1 ]", "[ 0 2 ]"), "expected pools within 3 frames, found 2 frames from 2 on"),
    (FRAME_POOLING.replace("<FeatureDim> 2", "<FeatureDim> 4"), "expected the input to be a multiple of <FeatureDim>"),
    (
        sentence_averaging(9, 4, network(MODEL.affine(4, 4))),
        "expected a network from 4 to 5 columns inside, found 4 to 4",
    ),
    (
        parallel(5, 4, network(plain("Tanh", 2)), network(plain("Tanh", 2))),
        "expected networks inside that make 4 to 5 columns together, found 2 to 2, 2 to 2",
    ),
    (
        parallel(3, 2, network(MODEL.affine(3, 2), plain("Tanh", 4))),
        r"'component1\.ParallelComponent\.1\.2\.Tanh' at byte \d+: expected 4 columns, found 3 from",
    ),
    (parallel(3, 2, network()), "expected a nested network of one component or more, found none"),
    (
        multi_basis(3, 4, network(MODEL.affine(2, 1)), network(MODEL.affine(3, 3))),
        "expected a selector of 1 columns, one for each basis, found 2",
    ),
    (
        multi_basis(3, 4, network(plain("Softmax", 2)), network(MODEL.affine(3, 2)), network(MODEL.affine(2, 2))),
        "expected bases from 2 to 3 columns, found 2 to 2",
    ),
    (
        parallel(4, 4, network("<Sigmoid> 3 4")),
        r"component 'component1\.ParallelComponent\.1\.1\.Sigmoid' at byte \d+: expected an output as wide",
    ),
)


@pytest.mark.parametrize(("component", "expected"), BROKEN, ids=lambda text: text[:30].replace("\n", " "))
def test_what_does_not_fit_is_found_when_the_file_is_read(tmp_path: Path, component: str, expected: str) -> None:
    path = tmp_path / "model.nnet"
    path.write_text(network(component))
    with pytest.raises(ModelFormatError, match=expected) as caught:
        load_network(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: component 'component1.")
    assert "\n" not in message
    assert message.endswith("the file is damaged")


def test_what_kaldi_reads_is_read(tmp_path: Path) -> None:
    """The token of a network before any component, components that end without a token, no token at the end."""
    path = tmp_path / "model.nnet"
    path.write_text("<Sigmoid> 2 2\n<Nnet> <TANH> 2 2 <softmax> 2 2\n")
    with pytest.raises(ModelFormatError, match="the file is truncated"):
        load_network(path)
    path.write_text("<Sigmoid> 2 2\n<Nnet> <TANH> 2 2 <softmax> 2 2 </Nnet>\n")
    assert list(load_network(path).components) == ["component1.Sigmoid", "component2.Tanh", "component3.Softmax"]
    path.write_text("<Sigmoid> 2 2\n<TANH> 2 2 <softmax> 2 2\n")
    assert len(load_network(path).components) == 3


def test_a_file_cut_anywhere_gives_an_error_or_a_network(tmp_path: Path) -> None:
    path = tmp_path / "model.nnet"
    text = network(LSTM, parallel(5, 3, network(MODEL.affine(4, 2)), network(plain("Dropout", 1))))
    for length in range(8, len(text) - 2, 7):
        path.write_text(text[:length])
        with pytest.raises(OvAsrScoreError, match=r"model\.nnet"):
            load_network(path)
