"""Components of nnet1 with random values, in the text form of Kaldi's model files."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class ModelText:
    """Writes components, one after the other; each method gives the text of one, with new random values.

    Numbers have few digits, so that the text and the binary form of a model hold the same ones.
    """

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def values(self, *shape: int, scale: float = 1.0) -> NDArray[np.float64]:
        return self._random.standard_normal(shape) * scale

    def vector(self, size: int, scale: float = 1.0, mean: float = 0.0) -> str:
        return _row(self.values(size, scale=scale) + mean)

    def matrix(self, rows: int, columns: int, scale: float = 1.0) -> str:
        return _matrix(self.values(rows, columns, scale=scale / np.sqrt(columns)))

    def affine(self, rows: int, columns: int, scale: float = 1.5) -> str:
        rates = "<LearnRateCoef> 1 <BiasLearnRateCoef> 1 <MaxNorm> 0"
        return _component(
            "AffineTransform", rows, columns, rates, self.matrix(rows, columns, scale), self.vector(rows, 0.5)
        )

    def linear(self, rows: int, columns: int) -> str:
        return _component("LinearTransform", rows, columns, "<LearnRateCoef> 1", self.matrix(rows, columns))

    def lstm(self, cells: int, outputs: int, columns: int, *, clip: str = "50", marker: str = "LstmProjected") -> str:
        settings = (
            f"<CellDim> {cells} <LearnRateCoef> 1 <BiasLearnRateCoef> 1 <CellClip> {clip} <DiffClip> 1 "
            "<CellDiffClip> 0 <GradClip> 250"
        )
        return _component(marker, outputs, columns, settings, *self.lstm_values(cells, outputs, columns))

    def blstm(self, cells: int, outputs: int, columns: int) -> str:
        settings = (
            f"<CellDim> {cells} <LearnRateCoef> 1 <BiasLearnRateCoef> 1 <CellClip> 50 <DiffClip> 1 <GradClip> 250"
        )
        values = (self.lstm_values(cells, outputs // 2, columns), self.lstm_values(cells, outputs // 2, columns))
        return _component("BlstmProjected", outputs, columns, settings, *values[0], *values[1])

    def lstm_values(self, cells: int, outputs: int, columns: int) -> list[str]:
        return [
            self.matrix(4 * cells, columns, 1.5),
            self.matrix(4 * cells, outputs),
            self.vector(4 * cells, 0.5),
            *(self.vector(cells, 0.5) for _ in range(3)),
            self.matrix(outputs, cells, 1.5),
        ]

    def recurrent(self, rows: int, columns: int) -> str:
        settings = "<GradClip> 0 <DiffClip> 0 <LearnRateCoef> 1 <BiasLearnRateCoef> 1"
        values = (self.matrix(rows, columns, 1.5), self.matrix(rows, rows), self.vector(rows, 0.5))
        return _component("RecurrentComponent", rows, columns, settings, *values)

    def convolution(self, patch: int, step: int, stride: int, frames: int, filters: int) -> str:
        patches = 1 + (stride - patch) // step
        settings = (
            f"<PatchDim> {patch} <PatchStep> {step} <PatchStride> {stride} <LearnRateCoef> 1 <BiasLearnRateCoef> 1 "
            "<MaxNorm> 0 <Filters>"
        )
        values = (self.matrix(filters, patch * frames), "<Bias>", self.vector(filters))
        return _component("ConvolutionalComponent", patches * filters, stride * frames, settings, *values)

    def parametric_relu(self, dim: int, *, alpha: str = "", beta: str = "") -> str:
        settings = "<AlphaLearnRateCoef> 0 <BetaLearnRateCoef> 0"
        return _component(
            "ParametricRelu", dim, dim, settings, alpha or self.vector(dim), beta or self.vector(dim, 0.3)
        )

    def rbm(self, rows: int, columns: int, visible: str, hidden: str) -> str:
        values = (self.matrix(rows, columns, 1.5), self.vector(columns), self.vector(rows))
        return _component("Rbm", rows, columns, f"{visible} {hidden}", *values)

    def add_shift(self, dim: int, mean: float = 0.0) -> str:
        return _component("AddShift", dim, dim, "<LearnRateCoef> 0", self.vector(dim, 1.0, mean))

    def rescale(self, dim: int) -> str:
        return _component("Rescale", dim, dim, "<LearnRateCoef> 0", self.vector(dim, 0.3, 1.0))

    def kl_hmm(self, states: int, columns: int) -> str:
        counts = np.round(np.abs(self.values(states, columns)) * 20)
        counts[:, 0] = 0
        return _component("KlHmm", states, columns, "", _matrix(counts))

    def frame_pooling(self, dim: int, frames: int, pools: Sequence[tuple[int, int]]) -> str:
        """``pools`` are the first frame and the number of frames of each."""
        offsets = " ".join(str(first) for first, _ in pools)
        settings = f"<FeatureDim> {dim} <LearnRateCoef> 0.01 <Normalize> F <FrameOffset> [ {offsets} ] <FrameWeight>"
        weights = (self.vector(count) for _, count in pools)
        return _component("FramePoolingComponent", len(pools) * dim, frames * dim, settings, *weights)


def splice(dim: int, *offsets: int) -> str:
    return _component("Splice", dim * len(offsets), dim, f"[ {' '.join(map(str, offsets))} ]")


def copy(dim: int, *columns: int) -> str:
    """``columns`` count from 1."""
    return _component("Copy", len(columns), dim, f"[ {' '.join(map(str, columns))} ]")


def plain(marker: str, dim: int, settings: str = "") -> str:
    """A component as wide as its input, without values of its own."""
    return _component(marker, dim, dim, settings)


def pooling(marker: str, size: int, step: int, stride: int, patches: int) -> str:
    pools = 1 + (patches - size) // step
    settings = f"<PoolSize> {size} <PoolStep> {step} <PoolStride> {stride}"
    return _component(marker, pools * stride, patches * stride, settings)


def block_softmax(*widths: int) -> str:
    return _component("BlockSoftmax", sum(widths), sum(widths), f"[ {' '.join(map(str, widths))} ]")


def network(*components: str) -> str:
    return "\n".join(("<Nnet>", *components, "</Nnet>", ""))


def parallel(rows: int, columns: int, *networks: str) -> str:
    parts = [f"<NestedNnet> {number}\n{each}" for number, each in enumerate(networks, 1)]
    inside = (f"<NestedNnetCount> {len(networks)}", *parts, "</ParallelComponent>")
    return _component("ParallelComponent", rows, columns, *inside)


def multi_basis(rows: int, columns: int, selector: str, *basis: str) -> str:
    parts = [f"<Basis> {number}\n{each}" for number, each in enumerate(basis, 1)]
    inside = ("<SelectorLearnRateCoef> 1", "<Selector>", selector, f"<NumBasis> {len(basis)}", *parts)
    return _component("MultiBasisComponent", rows, columns, *inside)


def sentence_averaging(rows: int, columns: int, inner: str) -> str:
    return _component("SentenceAveragingComponent", rows, columns, inner)


def _component(marker: str, rows: int, columns: int, *parts: str) -> str:
    return "\n".join((f"<{marker}> {rows} {columns}", *(part for part in parts if part), "<!EndOfComponent>"))


def _row(values: NDArray[np.float64]) -> str:
    return f" [ {' '.join(f'{value:.4g}' for value in values)} ]"


def _matrix(values: NDArray[np.float64]) -> str:
    rows = "\n".join("  " + " ".join(f"{value:.4g}" for value in row) for row in values)
    return f" [\n{rows} ]"
