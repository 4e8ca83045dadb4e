"""The benchmark models as Kaldi files, generated from a seed: ``python -m benchmarks.models FOLDER`` writes them.

``dnn.raw``    440 inputs, 6 sigmoid layers of 2048, 3425 outputs: a DNN on spliced features
``tdnnf.raw``  17 layers of 1536/160 with i-vectors of 100, 6000 outputs, for a frame subsampling factor of 3: the usual
               chain model
``lstmp.raw``  a TDNN layer and 3 LSTM layers of 1024 cells projected to 256 + 256, 3425 outputs
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.models.kaldi_writer import Fields, NetworkWriter

FEATURES, IVECTOR = 40, 100
_NOTHING = np.zeros(0, np.float32)
_SPLICED = "Offset(input, -2), Offset(input, -1), input, Offset(input, 1), Offset(input, 2)"


class Parameters:
    """Random fields of components, scaled so that values neither vanish nor grow from layer to layer."""

    def __init__(self, seed: int) -> None:
        """Begin with a seed."""
        self.random = np.random.default_rng(seed)

    def matrix(self, rows: int, columns: int, gain: float = 1.0) -> NDArray[np.float32]:
        """Weights [rows, columns]."""
        return np.asarray(self.random.standard_normal((rows, columns)) * gain / np.sqrt(columns), np.float32)

    def vector(self, size: int) -> NDArray[np.float32]:
        """Small numbers."""
        return np.asarray(self.random.standard_normal(size) * 0.1, np.float32)

    def affine(self, rows: int, columns: int, gain: float = 1.0) -> Fields:
        """Fields of a NaturalGradientAffineComponent."""
        return [
            ("MaxChange", 0.75),
            ("LearningRate", 0.001),
            ("LinearParams", self.matrix(rows, columns, gain)),
            ("BiasParams", self.vector(rows)),
            ("RankIn", 20),
            ("RankOut", 80),
            ("UpdatePeriod", 4),
            ("NumSamplesHistory", 2000.0),
            ("Alpha", 4.0),
        ]

    def linear(self, rows: int, columns: int) -> Fields:
        """Fields of a LinearComponent."""
        return [
            ("MaxChange", 0.75),
            ("LearningRate", 0.001),
            ("Params", self.matrix(rows, columns)),
            ("UseNaturalGradient", True),
            ("RankInOut", (20, 80)),
            ("Alpha", 4.0),
            ("NumSamplesHistory", 2000.0),
            ("UpdatePeriod", 4),
        ]

    def tdnn(self, rows: int, columns: int, offsets: list[int], *, bias: bool) -> Fields:
        """Fields of a TdnnComponent."""
        return [
            ("MaxChange", 0.75),
            ("LearningRate", 0.001),
            ("TimeOffsets", offsets),
            ("LinearParams", self.matrix(rows, columns * len(offsets))),
            ("BiasParams", self.vector(rows) if bias else _NOTHING),
            ("OrthonormalConstraint", 0.0),
            ("UseNaturalGradient", True),
            ("NumSamplesHistory", 2000.0),
            ("AlphaInOut", (4.0, 4.0)),
            ("RankInOut", (20, 80)),
        ]

    def batch_norm(self, dim: int) -> Fields:
        """Fields of a BatchNormComponent."""
        return [
            ("Dim", dim),
            ("BlockDim", dim),
            ("Epsilon", 0.001),
            ("TargetRms", 1.0),
            ("TestMode", False),
            ("Count", 1000.0),
            ("StatsMean", np.abs(self.vector(dim)) + np.float32(0.5)),
            ("StatsVar", np.abs(self.vector(dim)) + np.float32(0.9)),
        ]

    def dropout(self, dim: int) -> Fields:
        """Fields of a GeneralDropoutComponent, which does nothing but in training."""
        return [
            ("Dim", dim),
            ("BlockDim", dim),
            ("TimePeriod", 0),
            ("DropoutProportion", 0.0),
            ("Continuous", None),
        ]

    def lstm(self, cells: int) -> Fields:
        """Fields of an LstmNonlinearityComponent."""
        return [
            ("MaxChange", 0.75),
            ("LearningRate", 0.001),
            ("Params", self.matrix(3, cells, 0.1)),
            ("ValueAvg", np.zeros((5, cells), np.float32)),
            ("DerivAvg", np.zeros((5, cells), np.float32)),
            ("SelfRepairConfig", np.zeros(10, np.float32)),
            ("SelfRepairProb", np.zeros(5, np.float32)),
            ("UseDropout", False),
            ("Count", 0.0),
        ]


def nonlinear(dim: int) -> Fields:
    """Fields of a component such as a RectifiedLinearComponent."""
    return [
        ("Dim", dim),
        ("ValueAvg", _NOTHING),
        ("DerivAvg", _NOTHING),
        ("Count", 0.0),
        ("OderivRms", _NOTHING),
        ("OderivCount", 0.0),
        ("NumDimsSelfRepaired", 0.0),
        ("NumDimsProcessed", 0.0),
        ("SelfRepairScale", 1e-5),
    ]


def make_dnn(path: Path, inputs: int = 440, hidden: int = 2048, layers: int = 6, outputs: int = 3425) -> None:
    """Write the DNN, without a softmax."""
    network, parameters = NetworkWriter(), Parameters(20)
    node, width = network.input("input", inputs), inputs
    for layer in range(1, layers + 1):
        affine = parameters.affine(hidden, width, 2.0)
        node = network.component(f"affine{layer}", "NaturalGradientAffineComponent", node, affine)
        node, width = network.component(f"sigmoid{layer}", "SigmoidComponent", node, nonlinear(hidden)), hidden
    node = network.component("output.affine", "NaturalGradientAffineComponent", node, parameters.affine(outputs, width))
    network.output("output", node)
    network.write(path)


def make_tdnnf(
    path: Path,
    dim: int = 1536,
    bottleneck: int = 160,
    outputs: int = 6000,
    strides: tuple[int, ...] = (1,) * 3 + (0,) + (3,) * 12,
) -> None:
    """Write the factorized TDNN: a first layer, and one for each of ``strides`` (frames; 0: no splicing)."""
    network, parameters = NetworkWriter(), Parameters(21)
    network.input("ivector", IVECTOR)
    network.input("input", FEATURES)
    spliced = 5 * FEATURES + IVECTOR
    lda = [("LinearParams", parameters.matrix(spliced, spliced)), ("BiasParams", parameters.vector(spliced))]
    source = f"Append({_SPLICED}, ReplaceIndex(ivector, t, 0))"
    network.component("lda", "FixedAffineComponent", source, list(lda))
    node = _relu_layer(
        network,
        parameters,
        "tdnn1",
        network.component("tdnn1.affine", "NaturalGradientAffineComponent", "lda", parameters.affine(dim, spliced)),
        dim,
    )
    for number, stride in enumerate(strides, 2):
        name = f"tdnnf{number}"
        before, after = ([-stride, 0], [0, stride]) if stride else ([0], [0])
        linear = parameters.tdnn(bottleneck, dim, before, bias=False)
        affine = parameters.tdnn(dim, bottleneck, after, bias=True)
        inner = network.component(f"{name}.linear", "TdnnComponent", node, linear)
        inner = network.component(f"{name}.affine", "TdnnComponent", inner, affine)
        inner = _relu_layer(network, parameters, name, inner, dim)
        node = network.component(
            f"{name}.noop",
            "NoOpComponent",
            f"Sum(Scale(0.66, {node}), {inner})",
            [("Dim", dim), ("BackpropScale", 1.0)],
        )
    node = network.component("prefinal-l", "LinearComponent", node, parameters.linear(256, dim))
    node = network.component("prefinal.affine", "NaturalGradientAffineComponent", node, parameters.affine(dim, 256))
    node = _relu_layer(network, parameters, "prefinal", node, dim)
    node = network.component("prefinal.linear", "LinearComponent", node, parameters.linear(256, dim))
    node = network.component("prefinal.batchnorm2", "BatchNormComponent", node, parameters.batch_norm(256))
    node = network.component("output.affine", "NaturalGradientAffineComponent", node, parameters.affine(outputs, 256))
    network.output("output", node)
    network.write(path)


def _relu_layer(network: NetworkWriter, parameters: Parameters, name: str, node: str, dim: int) -> str:
    node = network.component(f"{name}.relu", "RectifiedLinearComponent", node, nonlinear(dim))
    node = network.component(f"{name}.batchnorm", "BatchNormComponent", node, parameters.batch_norm(dim))
    return network.component(f"{name}.dropout", "GeneralDropoutComponent", node, parameters.dropout(dim))


def make_lstmp(path: Path, cells: int = 1024, projected: int = 256, layers: int = 3, outputs: int = 3425) -> None:
    """Write the LSTM with projections, half of which are recurrent."""
    network, parameters = NetworkWriter(), Parameters(22)
    network.input("input", FEATURES)
    source = f"Append({_SPLICED})"
    node = network.component(
        "tdnn1.affine", "NaturalGradientAffineComponent", source, parameters.affine(512, 5 * FEATURES)
    )
    node, width = network.component("tdnn1.relu", "RectifiedLinearComponent", node, nonlinear(512)), 512
    for layer in range(1, layers + 1):
        name = f"lstm{layer}"
        all_gates = parameters.affine(4 * cells, width + projected)
        recurrent, cell = f"IfDefined(Offset({name}.r, -3))", f"IfDefined(Offset({name}.c, -3))"
        network.component(f"{name}.W_all", "NaturalGradientAffineComponent", f"Append({node}, {recurrent})", all_gates)
        network.component(
            f"{name}.nonlin", "LstmNonlinearityComponent", f"Append({name}.W_all, {cell})", parameters.lstm(cells)
        )
        network.lines.append(f"dim-range-node name={name}.c input-node={name}.nonlin dim-offset=0 dim={cells}")
        network.lines.append(f"dim-range-node name={name}.m input-node={name}.nonlin dim-offset={cells} dim={cells}")
        node = network.component(
            f"{name}.rp", "NaturalGradientAffineComponent", f"{name}.m", parameters.affine(2 * projected, cells)
        )
        network.lines.append(f"dim-range-node name={name}.r input-node={node} dim-offset=0 dim={projected}")
        width = 2 * projected
    node = network.component("output.affine", "NaturalGradientAffineComponent", node, parameters.affine(outputs, width))
    network.output("output", node)
    network.write(path)


def make_models(folder: Path) -> list[Path]:
    """The paths of all benchmark models, written into ``folder`` if they do not exist."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name, make in (("dnn", make_dnn), ("tdnnf", make_tdnnf), ("lstmp", make_lstmp)):
        path = folder / f"{name}.raw"
        if not path.is_file():
            make(path)
        made.append(path)
    return made
