"""Cases of nnet3: statistics of stretches of frames."""

from __future__ import annotations

from tests.golden.golden_case import Case, affine, layer, network
from tests.golden.nnet3_time_models import EVERY


def _statistics(dim: int, step: int, period: int, left: int, right: int, pooling: str = "") -> tuple[str, str]:
    """Extraction and pooling of a statistics layer of ``a``, as the scripts of Kaldi write it."""
    return (
        layer(
            "extracted",
            f"StatisticsExtractionComponent input-dim={dim} input-period={step} output-period={period}",
            "a",
        ),
        layer(
            "pooled",
            f"StatisticsPoolingComponent input-dim={2 * dim + 1} input-period={period} left-context={left} "
            f"right-context={right} output-stddevs=true {pooling}",
            "extracted",
        ),
    )


# Of one frame the variance is what rounding leaves of it; a floor keeps its square root from being seen.
_STATISTICS = (
    Case(
        "statistics",
        network(
            4,
            affine("a", "Append(Offset(input, -1), input)", 8, 3),
            *_statistics(3, 1, 1, 4, 4, "variance-floor=0.01"),
            affine("last", "Append(pooled, a)", 9, 3),
        ),
        dim=4,
        runs=EVERY,
    ),
    Case(
        "statistics_rounded",
        network(
            4,
            affine("a", "Append(Offset(input, -1), input)", 8, 3),
            *_statistics(3, 1, 4, 8, 8, "num-log-count-features=2 variance-floor=0.01"),
            affine("last", "Append(Round(pooled, 4), a)", 11, 3),
        ),
        dim=4,
        runs=EVERY,
    ),
    Case(
        "statistics_every_second",
        network(
            4,
            affine("a", "input", 4, 3),
            *_statistics(3, 2, 6, 6, 0, "variance-floor=0.01"),
            affine("last", "Append(Round(pooled, 6), Offset(a, 1))", 9, 3),
        ),
        dim=4,
        runs=EVERY,
    ),
    Case(
        "statistics_of_all",
        network(
            4,
            affine("a", "input", 4, 3),
            *_statistics(3, 1, 3, 999, 999, "num-log-count-features=1 variance-floor=0.01"),
            layer("last", "LogSoftmaxComponent dim=7", "Round(pooled, 3)"),
        ),
        dim=4,
        runs=EVERY,
    ),
    Case(
        "statistics_means",
        network(
            4,
            affine("a", "input", 4, 3),
            layer(
                "extracted",
                "StatisticsExtractionComponent input-dim=3 input-period=1 output-period=2 include-variance=false",
                "IfDefined(Offset(a, 2))",
            ),
            layer(
                "pooled",
                "StatisticsPoolingComponent input-dim=4 input-period=2 left-context=4 right-context=2",
                "extracted",
            ),
            affine("last", "Append(Round(pooled, 2), a)", 6, 3),
        ),
        dim=4,
        runs=EVERY,
    ),
    Case(
        "statistics_extracted",
        network(
            4,
            affine("a", "Append(Offset(input, -1), input, Offset(input, 1))", 12, 3),
            layer("extracted", "StatisticsExtractionComponent input-dim=3 input-period=1 output-period=3", "a"),
            affine("last", "Append(Round(extracted, 3), a)", 10, 3),
        ),
        dim=4,
        runs=EVERY,
    ),
)
_STATISTICS_OF_STATISTICS = (
    Case(
        "statistics_of_what_is_defined",
        network(
            4,
            affine("a", "IfDefined(Round(input, 3))", 4, 3),
            *_statistics(3, 1, 3, 0, 6, "variance-floor=0.01"),
            affine("last", "Append(Round(pooled, 3), a)", 9, 3),
        ),
        dim=4,
        runs=EVERY,
    ),
    Case(
        "statistics_ahead",
        network(
            4,
            layer("a", "NoOpComponent dim=4", "Offset(input, 4)"),
            *_statistics(4, 1, 3, 3, 6, "variance-floor=0.01"),
            layer(
                "summed",
                "StatisticsExtractionComponent input-dim=8 input-period=1 output-period=3",
                "Offset(Round(pooled, 3), 1)",
            ),
            layer(
                "means",
                "StatisticsPoolingComponent input-dim=17 input-period=3 left-context=9 right-context=3",
                "summed",
            ),
            affine("last", "Append(Round(means, 3), input)", 20, 3),
        ),
        dim=4,
        runs=EVERY,
    ),
)

CASES = (*_STATISTICS, *_STATISTICS_OF_STATISTICS)
