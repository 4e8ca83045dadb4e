"""Golden cases of nnet1 for components that work together, networks inside of components, and options."""

from __future__ import annotations

from tests.golden.nnet1_case import Case, affine, around, chain, fixed
from tests.golden.nnet1_text import (
    ModelText,
    block_softmax,
    copy,
    multi_basis,
    network,
    parallel,
    plain,
    pooling,
    sentence_averaging,
    splice,
)

_COUNTS = (100, 0, 30, 5, 400, 1, 60, 20)
_DNN = chain(affine(12, 30), fixed(plain("Sigmoid", 12)), affine(8, 12), fixed(plain("Softmax", 8)))
_NO_SOFTMAX_AT_THE_END = chain(affine(12, 6), fixed(plain("Tanh", 12)), affine(8, 12))
_TRANSFORM = chain(
    fixed(splice(6, -2, -1, 0, 1, 2)), lambda model: model.add_shift(30, -3.0), lambda model: model.rescale(30)
)


def _frame_mean(model: ModelText) -> str:
    return network(model.affine(5, 4), plain("SimpleSentenceAveragingComponent", 5, "<GradientBoost> 100"))


NETWORK_CASES: tuple[Case, ...] = (
    Case(
        "splice_inside",
        ("Splice", "AffineTransform", "Sigmoid"),
        chain(
            fixed(splice(4, -1, 0, 1)),
            affine(5, 12),
            fixed(plain("Sigmoid", 5)),
            fixed(splice(5, -3, 0, 3)),
            affine(6, 15),
        ),
    ),
    Case(
        "convolutional_network",
        ("ConvolutionalComponent", "MaxPoolingComponent", "Splice", "AddShift", "Rescale"),
        chain(
            fixed(splice(8, -1, 0, 1)),
            lambda model: model.add_shift(24),
            lambda model: model.rescale(24),
            lambda model: model.convolution(3, 1, 8, 3, 4),
            fixed(pooling("MaxPoolingComponent", 2, 2, 4, 6)),
            lambda model: model.rescale(12),
            lambda model: model.add_shift(12),
            fixed(plain("Sigmoid", 12)),
            affine(5, 12),
            fixed(plain("Softmax", 5)),
        ),
    ),
    Case(
        "lstm_stack",
        ("LstmProjected", "Splice", "AddShift", "Rescale", "Tanh"),
        chain(
            fixed(splice(5, 5)),
            lambda model: model.add_shift(5, -2.0),
            lambda model: model.rescale(5),
            lambda model: model.lstm(6, 4, 5),
            lambda model: model.lstm(6, 4, 4),
            fixed(plain("Tanh", 4)),
            affine(7, 4),
            fixed(plain("Softmax", 7)),
        ),
        mean=2.0,
    ),
    Case(
        "sentence_averaging",
        ("SentenceAveragingComponent",),
        chain(lambda model: sentence_averaging(9, 5, network(model.affine(4, 5), plain("Tanh", 4))), affine(6, 9)),
    ),
    Case(
        "parallel",
        ("ParallelComponent",),
        chain(
            lambda model: parallel(
                15,
                10,
                network(splice(3, -1, 0, 2), model.add_shift(9), model.affine(4, 9), plain("Sigmoid", 4)),
                network(model.lstm(4, 3, 2)),
                network(model.blstm(4, 6, 3)),
                network(copy(2, 2, 1)),
            ),
            affine(6, 15),
        ),
    ),
    Case(
        "parallel_nested",
        ("ParallelComponent", "SimpleSentenceAveragingComponent", "Dropout"),
        chain(
            lambda model: parallel(
                8,
                8,
                network(parallel(5, 4, _frame_mean(model))),
                network(plain("Dropout", 4, "<DropoutRate> 0"), model.affine(3, 4), plain("HiddenSoftmax", 3)),
            )
        ),
    ),
    Case(
        "multi_basis",
        ("MultiBasisComponent",),
        chain(
            lambda model: multi_basis(
                4,
                7,
                network(model.affine(3, 2, 6.0), plain("Softmax", 3)),
                network(model.affine(4, 5), plain("Sigmoid", 4)),
                network(model.affine(6, 5), plain("Tanh", 6), model.affine(4, 6)),
                network(model.linear(4, 5)),
            )
        ),
    ),
    Case("post", ("AffineTransform", "Sigmoid", "Softmax"), chain(affine(8, 6), fixed(plain("Softmax", 8)))),
    Case(
        "feature_transform",
        ("Splice", "AddShift", "Rescale", "AffineTransform"),
        _DNN,
        ("--feature-transform=transform.nnet",),
        transform=_TRANSFORM,
        mean=3.0,
    ),
    Case(
        "no_softmax",
        ("Softmax", "AffineTransform"),
        _DNN,
        ("--feature-transform=transform.nnet", "--no-softmax=true"),
        transform=_TRANSFORM,
        mean=3.0,
    ),
    Case("no_softmax_not_there", ("AffineTransform",), _NO_SOFTMAX_AT_THE_END, ("--no-softmax=true",)),
    Case("no_softmax_nothing_else", ("Softmax",), chain(fixed(plain("Softmax", 5))), ("--no-softmax=true",)),
    Case(
        "no_softmax_block",
        ("BlockSoftmax",),
        around(fixed(block_softmax(2, 3)), 4, 5),
        ("--no-softmax=true",),
    ),
    Case(
        "log_likelihood",
        ("Softmax", "AffineTransform"),
        _DNN,
        (
            "--feature-transform=transform.nnet",
            "--no-softmax=true",
            "--class-frame-counts=counts",
            "--prior-scale=0.7",
        ),
        transform=_TRANSFORM,
        counts=_COUNTS,
        mean=3.0,
    ),
    Case(
        "apply_log",
        ("Softmax",),
        around(fixed(plain("Softmax", 8)), 4, 8),
        ("--apply-log=true",),
    ),
    Case(
        "apply_log_with_priors",
        ("Softmax",),
        around(fixed(plain("Softmax", 8)), 4, 8),
        ("--apply-log=true", "--class-frame-counts=counts", "--prior-scale=0.8", "--prior-floor=0.01"),
        counts=_COUNTS,
    ),
)
