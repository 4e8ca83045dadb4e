"""Make models/two_inputs.{xml,bin} and data/two_inputs/: a small network with two inputs and two outputs.

    python models/make_two_inputs.py

The network is an affine layer over frames [40] and an i-vector [10] with a sigmoid (the output ``bottleneck``, 16),
and an affine layer upon it with a log-softmax (the output ``score``, 12). Weights come from a seed. The reference
scores are computed here in float64 with numpy alone, apart from the runtime. Features are random walks, as smooth as
filter banks are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kaldiio
import numpy as np
import openvino as ov

from ov_asr_score.openvino_api import opset

ROOT = Path(__file__).resolve().parent.parent
PERIOD = 10
LENGTHS = {"spk1-utt1": 37, "spk1-utt2": 52, "spk2-utt1": 1, "spk2-utt2": 64}


def make_weights(generator: np.random.Generator) -> dict[str, Any]:
    """Weights [out, in] and biases [out] of the two layers, float32."""
    return {
        "w1": (generator.standard_normal((16, 50)) / 7).astype(np.float32),
        "b1": generator.standard_normal(16).astype(np.float32),
        "w2": generator.standard_normal((12, 16)).astype(np.float32),
        "b2": generator.standard_normal(12).astype(np.float32),
    }


def make_model(weights: dict[str, Any]) -> ov.Model:
    """The network for one frame per request."""
    frames = opset.parameter([1, 40], np.float32, name="features")
    ivector = opset.parameter([1, 10], np.float32, name="ivector")
    for node in (frames, ivector):
        node.output(0).get_tensor().set_names({node.get_friendly_name()})
    joined = opset.concat([frames, ivector], axis=1)
    hidden = opset.add(opset.matmul(joined, weights["w1"], False, True), weights["b1"][np.newaxis])
    bottleneck = opset.sigmoid(hidden, name="bottleneck")
    logits = opset.add(opset.matmul(bottleneck, weights["w2"], False, True), weights["b2"][np.newaxis])
    score = opset.log_softmax(logits, axis=1, name="score")
    for node in (bottleneck, score):
        node.output(0).get_tensor().set_names({node.get_friendly_name()})
    return ov.Model([opset.result(score), opset.result(bottleneck)], [frames, ivector], "two_inputs")


def reference(weights: dict[str, Any], frames: Any, ivectors: Any) -> tuple[Any, Any]:
    """``score`` [T, 12] and ``bottleneck`` [T, 16] for frames [T, 40] and i-vectors [T, 10], by numpy in float64."""
    exact = {name: value.astype(np.float64) for name, value in weights.items()}
    joined = np.concatenate([frames, ivectors], axis=1).astype(np.float64)
    bottleneck = 1 / (1 + np.exp(-(joined @ exact["w1"].T + exact["b1"])))
    logits = bottleneck @ exact["w2"].T + exact["b2"]
    score = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return score.astype(np.float32), bottleneck.astype(np.float32)


def main() -> None:
    """Write the model, the features, the three kinds of i-vectors and the reference scores for each kind."""
    generator = np.random.default_rng(20240607)
    weights = make_weights(generator)
    ov.save_model(make_model(weights), ROOT / "models" / "two_inputs.xml", compress_to_fp16=False)

    folder = ROOT / "data" / "two_inputs"
    folder.mkdir(parents=True, exist_ok=True)
    frames = {
        key: np.cumsum(generator.standard_normal((length, 40)) / 5, axis=0).astype(np.float32)
        for key, length in LENGTHS.items()
    }
    speakers = {name: generator.standard_normal(10).astype(np.float32) for name in ("spk1", "spk2")}
    by_utterance = {key: generator.standard_normal(10).astype(np.float32) for key in LENGTHS}
    online = {
        key: generator.standard_normal((-(-length // PERIOD), 10)).astype(np.float32) for key, length in LENGTHS.items()
    }
    kaldiio.save_ark(str(folder / "features.ark"), frames)
    kaldiio.save_ark(str(folder / "ivectors_utterance.ark"), by_utterance)
    kaldiio.save_ark(str(folder / "ivectors_speaker.ark"), speakers)
    kaldiio.save_ark(str(folder / "ivectors_online.ark"), online)
    (folder / "utt2spk").write_text("".join(f"{key} {key.split('-')[0]}\n" for key in LENGTHS))

    spread = {
        "utterance": {key: np.repeat(by_utterance[key][np.newaxis], length, axis=0) for key, length in LENGTHS.items()},
        "speaker": {
            key: np.repeat(speakers[key.split("-")[0]][np.newaxis], length, axis=0) for key, length in LENGTHS.items()
        },
        "online": {key: np.repeat(online[key], PERIOD, axis=0)[:length] for key, length in LENGTHS.items()},
    }
    for kind, ivectors in spread.items():
        pairs = {key: reference(weights, frames[key], ivectors[key]) for key in LENGTHS}
        kaldiio.save_ark(str(folder / f"score_{kind}.ark"), {key: pair[0] for key, pair in pairs.items()})
        kaldiio.save_ark(str(folder / f"bottleneck_{kind}.ark"), {key: pair[1] for key, pair in pairs.items()})


if __name__ == "__main__":
    main()
