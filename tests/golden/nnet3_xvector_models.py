"""Cases of nnet3: networks that give one vector per utterance (x-vectors), as nnet3-xvector-compute scores them."""

from __future__ import annotations

from tests.golden.golden_case import Case, affine, layer, network

_WHOLE: tuple[str, ...] = ()
_RUNS = (
    _WHOLE,
    ("--chunk-size=150",),
    ("--chunk-size=150", "--pad-input=false"),
    ("--chunk-size=60",),
    ("--chunk-size=33", "--min-chunk-size=17", "--pad-input=false"),
)
_SHORT_RUNS = (_WHOLE, ("--chunk-size=150", "--pad-input=false"), ("--chunk-size=41", "--min-chunk-size=25"))
# Of one frame, one chunk, odd and even paddings, a last chunk that is too short, and many chunks.
_LENGTHS = (333, 20, 101, 99, 310, 1, 700)
_FEW = (260, 40, 102)
_STDDEVS = "output-stddevs=true variance-floor=0.01"


def _tdnn(name: str, source: str, input_dim: int, dim: int) -> tuple[str, ...]:
    """A layer of frames as the scripts of Kaldi write it: affine, rectified, normalized."""
    return (
        affine(f"{name}.affine", source, input_dim, dim, "NaturalGradientAffineComponent"),
        layer(f"{name}.relu", f"RectifiedLinearComponent dim={dim}", f"{name}.affine"),
        layer(f"{name}.batchnorm", f"BatchNormComponent dim={dim} test-mode=true target-rms=1.0", f"{name}.relu"),
    )


def _pooled(
    name: str,
    source: str,
    dim: int,
    *,
    every: int = 1,
    period: int = 1,
    left: int = 0,
    right: int = 10000,
    more: str = _STDDEVS,
    variance: bool = True,
) -> tuple[str, ...]:
    """Statistics of ``source``, as of ``stats-layer config=mean+stddev(-left:every:period:right)``."""
    width = 1 + dim * (2 if variance else 1)
    return (
        layer(
            f"{name}-extraction",
            f"StatisticsExtractionComponent input-dim={dim} input-period={every} output-period={period} "
            f"include-variance={'true' if variance else 'false'}",
            source,
        ),
        layer(
            f"{name}-pooling",
            f"StatisticsPoolingComponent input-dim={width} input-period={period} left-context={left} "
            f"right-context={right} {more}",
            f"{name}-extraction",
        ),
    )


_FRAMES = (
    *_tdnn("tdnn1", "Append(Offset(input, -2), Offset(input, -1), input, Offset(input, 1), Offset(input, 2))", 20, 6),
    *_tdnn("tdnn2", "Append(Offset(tdnn1.batchnorm, -2), tdnn1.batchnorm, Offset(tdnn1.batchnorm, 2))", 18, 5),
)


def _segment(source: str, dim: int) -> tuple[str, ...]:
    """Two layers of the utterance, and a softmax over speakers."""
    return (
        *_tdnn("tdnn6", source, dim, 7),
        *_tdnn("tdnn7", "tdnn6.batchnorm", 7, 6),
        affine("speakers", "tdnn7.batchnorm", 6, 4),
        layer("last", "LogSoftmaxComponent dim=4", "speakers"),
    )


CASES = (
    Case(
        "mean_and_stddev",
        network(
            4,
            *_FRAMES,
            *_pooled("stats", "tdnn2.batchnorm", 5, more="output-stddevs=true"),
            *_segment("Round(stats-pooling, 1)", 10),
        ),
        program="nnet3-xvector-compute",
        dim=4,
        runs=_RUNS,
        lengths=_LENGTHS,
        tolerance=5e-5,
        reason="a variance of one frame is what rounding leaves of it",
    ),
    Case(
        "at_an_inner_node",
        network(4, *_FRAMES, *_pooled("stats", "tdnn2.batchnorm", 5), *_segment("Round(stats-pooling, 1)", 10)),
        program="nnet3-xvector-compute",
        dim=4,
        runs=_SHORT_RUNS,
        lengths=_FEW,
        output_name="tdnn6.affine",
    ),
    Case(
        "period_of_ten",
        network(
            4,
            *_FRAMES,
            *_pooled("stats", "tdnn2.batchnorm", 5, period=10),
            *_segment("Round(stats-pooling, 10)", 10),
        ),
        program="nnet3-xvector-compute",
        dim=4,
        runs=_RUNS,
        lengths=_LENGTHS,
    ),
    Case(
        "every_third_frame",
        network(
            4,
            *_FRAMES,
            *_pooled("stats", "tdnn2.batchnorm", 5, every=3, period=9, left=9000, right=9000),
            *_segment("Round(stats-pooling, 9)", 10),
        ),
        program="nnet3-xvector-compute",
        dim=4,
        runs=_SHORT_RUNS,
        lengths=_FEW,
        scores_per="utterance",
    ),
    Case(
        "longer_than_the_window",
        network(
            4,
            *_FRAMES,
            *_pooled("stats", "tdnn2.batchnorm", 5, period=2, right=200),
            *_segment("Round(stats-pooling, 2)", 10),
        ),
        program="nnet3-xvector-compute",
        dim=4,
        runs=_SHORT_RUNS,
        lengths=(205, 206, 207, 700, 40),
        scores_per="utterance",
    ),
    Case(
        "two_poolings",
        network(
            4,
            *_FRAMES,
            *_pooled("first", "tdnn1.batchnorm", 6, variance=False, more="", period=2),
            *_pooled("second", "Offset(tdnn2.batchnorm, 3)", 5, left=10000),
            *_segment("Append(Round(first-pooling, 2), second-pooling)", 16),
        ),
        program="nnet3-xvector-compute",
        dim=4,
        runs=_SHORT_RUNS,
        lengths=_FEW,
    ),
    Case(
        "counts",
        network(
            4,
            *_FRAMES,
            *_pooled("stats", "tdnn2.batchnorm", 5, more=f"{_STDDEVS} num-log-count-features=2"),
            *_segment("stats-pooling", 12),
        ),
        program="nnet3-xvector-compute",
        dim=4,
        runs=_SHORT_RUNS,
        lengths=_FEW,
    ),
    Case(
        "recurrent",
        network(
            4,
            affine("forward.affine", "Append(input, IfDefined(Offset(forward, -1)))", 8, 4),
            layer("forward", "TanhComponent dim=4", "forward.affine"),
            affine("backward.affine", "Append(Offset(input, 1), IfDefined(Offset(backward, 2)))", 8, 4),
            layer("backward", "TanhComponent dim=4", "backward.affine"),
            affine("joined", "Append(forward, backward)", 8, 5),
            *_pooled("stats", "joined", 5),
            *_segment("stats-pooling", 10),
        ),
        program="nnet3-xvector-compute",
        dim=4,
        runs=_SHORT_RUNS,
        lengths=_FEW,
    ),
)
