"""Golden cases of nnet1 for one component each."""

from __future__ import annotations

import re

from tests.golden.nnet1_case import Case, affine, around, chain, fixed
from tests.golden.nnet1_text import block_softmax, copy, plain, pooling, splice


def _old_lstm(seed: int) -> str:
    """An LSTM under its old name, with the one setting that it had."""
    text = chain(lambda model: model.lstm(6, 4, 5, marker="LstmProjectedStreams"))(seed)
    return re.sub("<CellClip>.*", "<ClipGradient> 5", text)


def _old_blstm(seed: int) -> str:
    """A BLSTM under its old name, in other letters."""
    text = chain(lambda model: model.blstm(5, 6, 4))(seed)
    return text.replace("<BlstmProjected>", "<blstmProjectedStreams>")


COMPONENT_CASES: tuple[Case, ...] = (
    Case("affine", ("AffineTransform",), chain(affine(9, 6))),
    Case("linear", ("LinearTransform",), chain(lambda model: model.linear(9, 6))),
    Case("rbm_bernoulli", ("Rbm",), chain(lambda model: model.rbm(7, 5, "gauss", "bern"))),
    Case("rbm_gaussian", ("Rbm",), chain(lambda model: model.rbm(7, 5, "bern", "gauss"))),
    Case("sigmoid", ("Sigmoid",), around(fixed(plain("Sigmoid", 8)), 4, 8)),
    Case("tanh", ("Tanh",), around(fixed(plain("Tanh", 8)), 4, 8)),
    Case("softmax", ("Softmax",), around(fixed(plain("Softmax", 8)), 4, 8)),
    Case(
        "hidden_softmax",
        ("HiddenSoftmax",),
        chain(affine(8, 4), fixed(plain("HiddenSoftmax", 8)), affine(5, 8)),
    ),
    Case("block_softmax", ("BlockSoftmax",), around(fixed(block_softmax(2, 5, 3)), 4, 10)),
    Case("block_softmax_same", ("BlockSoftmax",), around(fixed(block_softmax(4, 4, 4)), 4, 12)),
    Case("parametric_relu", ("ParametricRelu",), chain(lambda model: model.parametric_relu(7))),
    Case(
        "parametric_relu_leaky",
        ("ParametricRelu",),
        chain(lambda model: model.parametric_relu(5, alpha="[ 1 1 1 1 1 ]")),
    ),
    Case(
        "parametric_relu_plain",
        ("ParametricRelu",),
        chain(lambda model: model.parametric_relu(4, alpha="[ 1 1 1 1 ]", beta="[ 0 0 0 0 ]")),
    ),
    Case("dropout", ("Dropout",), around(fixed(plain("Dropout", 6, "<DropoutRate> 0.4")), 4, 6)),
    Case("dropout_alone", ("Dropout",), chain(fixed(plain("Dropout", 5, "<DropoutRate> 0.9")))),
    Case(
        "dropout_retention",
        ("Dropout",),
        chain(affine(6, 4), fixed(plain("Dropout", 6, "<DropoutRetention> 0.8")), affine(3, 6)),
        old=True,
    ),
    Case("length_norm", ("LengthNormComponent",), around(fixed(plain("LengthNormComponent", 8)), 4, 8)),
    Case("splice", ("Splice",), chain(fixed(splice(5, -2, 0, 1, 3)))),
    Case("splice_far", ("Splice",), chain(fixed(splice(4, -9, -3, 12)))),
    Case("splice_delay", ("Splice",), chain(fixed(splice(4, 5)))),
    Case("copy", ("Copy",), chain(fixed(copy(5, 3, 1, 1, 5, 2, 2)))),
    Case("copy_before_affine", ("Copy",), chain(fixed(copy(4, 4, 2, 2, 1, 3)), affine(6, 5))),
    Case("copy_after_affine", ("Copy",), chain(affine(6, 4), fixed(copy(6, 6, 2)))),
    Case("add_shift", ("AddShift",), chain(lambda model: model.add_shift(6))),
    Case("rescale", ("Rescale",), chain(lambda model: model.rescale(6))),
    Case(
        "convolution",
        ("ConvolutionalComponent", "Splice"),
        chain(fixed(splice(8, -1, 0, 1)), lambda model: model.convolution(4, 2, 8, 3, 5)),
    ),
    Case(
        "convolution_side_by_side",
        ("ConvolutionalComponent",),
        chain(lambda model: model.convolution(3, 3, 9, 1, 4)),
    ),
    Case("convolution_one_patch", ("ConvolutionalComponent",), chain(lambda model: model.convolution(4, 1, 4, 2, 5))),
    Case("average_pooling", ("AveragePoolingComponent",), chain(fixed(pooling("AveragePoolingComponent", 3, 3, 2, 9)))),
    Case(
        "average_pooling_overlap",
        ("AveragePoolingComponent",),
        chain(fixed(pooling("AveragePoolingComponent", 3, 2, 2, 7))),
    ),
    Case("max_pooling", ("MaxPoolingComponent",), chain(fixed(pooling("MaxPoolingComponent", 2, 2, 3, 6)))),
    Case("max_pooling_overlap", ("MaxPoolingComponent",), chain(fixed(pooling("MaxPoolingComponent", 3, 1, 2, 6)))),
    Case(
        "frame_pooling",
        ("FramePoolingComponent", "Splice"),
        chain(
            fixed(splice(3, -3, -2, -1, 0, 1, 2, 3)),
            lambda model: model.frame_pooling(3, 7, ((0, 3), (2, 4), (6, 1), (0, 7))),
        ),
    ),
    Case(
        "kl_hmm",
        ("KlHmm", "Softmax"),
        chain(affine(6, 4), fixed(plain("Softmax", 6)), lambda model: model.kl_hmm(9, 6)),
    ),
    Case("lstm", ("LstmProjected",), chain(lambda model: model.lstm(6, 4, 5))),
    Case("lstm_clipped", ("LstmProjected",), chain(lambda model: model.lstm(6, 4, 5, clip="0.3"))),
    Case("lstm_not_clipped", ("LstmProjected",), chain(lambda model: model.lstm(6, 4, 5, clip="0"))),
    Case(
        "lstm_streams",
        ("LstmProjectedStreams",),
        _old_lstm,
        old=True,
    ),
    Case("blstm", ("BlstmProjected",), chain(lambda model: model.blstm(5, 8, 4))),
    Case(
        "blstm_streams",
        ("BlstmProjectedStreams",),
        _old_blstm,
        old=True,
    ),
    Case("recurrent", ("RecurrentComponent",), chain(lambda model: model.recurrent(6, 5))),
    Case(
        "simple_averaging",
        ("SimpleSentenceAveragingComponent",),
        around(fixed(plain("SimpleSentenceAveragingComponent", 6, "<GradientBoost> 100 <Shrinkage> 2.5")), 4, 6),
    ),
    Case(
        "simple_averaging_sum",
        ("SimpleSentenceAveragingComponent",),
        around(fixed(plain("SimpleSentenceAveragingComponent", 6, "<Shrinkage> 3 <OnlySumming> T")), 4, 6),
    ),
    Case(
        "simple_averaging_number",
        ("SimpleSentenceAveragingComponent",),
        around(fixed(plain("SimpleSentenceAveragingComponent", 6, "<Shrinkage> 1 <OnlySumming> 1.0")), 4, 6),
        old=True,
    ),
)
