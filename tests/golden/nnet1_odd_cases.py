"""Golden cases of nnet1 that no recipe makes, but nnet-forward scores: what its readers let pass.

They were found by ``tests/kaldi_judge``.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.golden.nnet1_case import Case, affine, chain, fixed
from tests.golden.nnet1_text import copy, plain, pooling, splice


def _replaced(text: Callable[[int], str], *pairs: tuple[str, str]) -> Callable[[int], str]:
    def edited(seed: int) -> str:
        model = text(seed)
        for old, new in pairs:
            if old not in model:
                raise ValueError(old)
            model = model.replace(old, new)
        return model

    return edited


_END = "<!EndOfComponent>"

ODD_CASES: tuple[Case, ...] = (
    Case(
        "odd_settings_twice",
        ("AffineTransform",),
        _replaced(chain(affine(6, 4)), ("<LearnRateCoef> 1", "<MaxNorm> 2 <LearnRateCoef> 1 <LearnRateCoef> -0.5")),
        old=True,
    ),
    Case(
        "odd_clips_twice",
        ("LstmProjected",),
        _replaced(
            chain(lambda model: model.lstm(6, 4, 5, clip="0.3")),
            ("<CellDim> 6", "<CellClip> 50 <CellDim> 9 <CellDim> 6"),
        ),
        old=True,
    ),
    Case(
        "odd_blanks",
        ("Copy", "Splice"),
        _replaced(
            chain(fixed(splice(4, -1, 2)), fixed(copy(8, 3, 1, 1, 5)), affine(3, 4)),
            ("[ -1 2 ]", "[-1 2]"),
            ("[ 3 1 1 5 ]\n", "[3 1 1 5]"),
            ("<LearnRateCoef> 1 <Bias", "<LearnRateCoef> 1.0<Bias"),
        ),
        old=True,
    ),
    Case(
        "odd_pool_of_all",
        ("MaxPoolingComponent",),
        chain(fixed(pooling("MaxPoolingComponent", 4, -3, 2, 4))),
    ),
    Case(
        "odd_mean_of_all",
        ("AveragePoolingComponent",),
        chain(fixed(pooling("AveragePoolingComponent", 4, -3, 2, 4))),
    ),
    Case("odd_pools_of_none", ("MaxPoolingComponent",), chain(fixed(pooling("MaxPoolingComponent", 0, 2, 2, 4)))),
    Case(
        "odd_means_of_none", ("AveragePoolingComponent",), chain(fixed(pooling("AveragePoolingComponent", -2, 3, 2, 4)))
    ),
    Case("odd_convolution_back", ("ConvolutionalComponent",), chain(lambda model: model.convolution(4, -2, 4, 2, 5))),
    Case(
        "odd_end_twice",
        ("Dropout",),
        _replaced(
            chain(
                affine(6, 4),
                fixed(plain("Dropout", 6, "<DropoutRate> 0.4")),
                affine(3, 6),
            ),
            (f"0.4\n{_END}", f"0.4\n{_END}\n{_END}"),
        ),
        old=True,
    ),
    Case(
        "odd_end_before_filters",
        ("ConvolutionalComponent",),
        _replaced(chain(lambda model: model.convolution(4, 1, 5, 2, 5)), ("<Filters>", f"{_END} <Filters>")),
        old=True,
    ),
    Case(
        "odd_no_bracket",
        ("MaxPoolingComponent",),
        _replaced(chain(fixed(pooling("MaxPoolingComponent", 2, 2, 3, 6))), ("<PoolStep>", "PoolStep>")),
        old=True,
    ),
    Case(
        "odd_transform_of_nothing",
        ("AffineTransform",),
        chain(affine(6, 4)),
        options=("--feature-transform=transform.nnet",),
        transform=lambda _: "<Nnet>\n</Nnet>\n",
    ),
)
