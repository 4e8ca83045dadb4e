"""Networks of nnet1 from text, and what they give by numpy in float64, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.convert.convert_options import ConvertOptions
from ov_asr_score.convert.converter import convert_network
from ov_asr_score.kaldi_model.loading import load_network
from ov_asr_score.kaldi_model.network import Component, KaldiNetwork
from ov_asr_score.openvino_api import ov
from tests.golden.nnet1_text import network as network_text

Rows = NDArray[np.float64]


def network(folder: Path, *components: str) -> KaldiNetwork:
    """The network of components in text form."""
    path = folder / "model.nnet"
    path.write_text(network_text(*components))
    return load_network(path)


def frames(width: int, count: int = 9, *, mean: float = 0.0, seed: int = 0) -> NDArray[np.float32]:
    return (np.random.default_rng(seed).standard_normal((count, width)) + mean).astype(np.float32)


def scores(model: ov.Model, rows: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """What each output gives for one utterance."""
    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    result = compiled([rows[np.newaxis]])
    return [np.array(result[index][0]) for index in range(len(compiled.outputs))]


def converted_scores(net: KaldiNetwork, rows: NDArray[np.float32], **options: Any) -> list[NDArray[np.float32]]:
    return scores(convert_network(net, ConvertOptions(**options)), rows)


def chain(net: KaldiNetwork) -> list[Component]:
    return list(net.components.values())


def reference(components: list[Component], rows: NDArray[np.float32]) -> dict[str, Rows]:
    """The values [T, D] of all components, by name, for the few types that folding knows."""
    value, values = rows.astype(np.float64), {}
    for component in components:
        value = _applied(component, value)
        values[component.name] = value
    return values


def _applied(component: Component, x: Rows) -> Rows:
    def field(name: str) -> Rows:
        return np.asarray(component.fields[name], np.float64)

    match component.type:
        case "Splice":
            times = [np.clip(np.arange(len(x)) + int(offset), 0, len(x) - 1) for offset in field("FrameOffsets")]
            return np.concatenate([x[each] for each in times], 1)
        case "Copy":
            return x[:, field("CopyFromIndices").astype(int) - 1]
        case "AddShift":
            return x + field("ShiftData")
        case "Rescale":
            return x * field("ScaleData")
        case "AffineTransform":
            return x @ field("Linearity").T + field("Bias")
        case "LinearTransform":
            return x @ field("Linearity").T
        case "Rbm" | "Sigmoid":
            inner = x @ field("VisHid").T + field("HidBias") if component.type == "Rbm" else x
            return np.asarray(1 / (1 + np.exp(-inner)), np.float64)
        case "RecurrentComponent":
            output, state = [], np.zeros(len(field("Bias")))
            for row in x @ field("WForward").T + field("Bias"):
                state = np.tanh(row + field("WRecurrent") @ state)
                output.append(state)
            return np.stack(output)
        case "Dropout":
            return x
    raise ValueError(component.type)
