"""What the models in ``models`` are, and what onnxruntime makes of features [T, D] with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

MODELS = Path(__file__).parent / "models"
WIDTH = 12
HEADS = 3
VECTOR = np.random.default_rng(9).standard_normal(WIDTH).astype(np.float32)

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class ToolkitCase:
    """A model: ``letters`` are the axes of its first input, ``rows`` those of the output that is compared.

    ``others`` are the further inputs: ``length``, ``whole`` (a length of 1.0), ``ones`` and ``none`` (a padding mask:
    false for frames), ``position``, ``vector`` (which the user has), or the shape of a state, whose output is in
    ``states``. ``frames``: a fixed number of them, 0: free.
    ``least``: frames that the network needs. ``head``: the entry that is chosen of the axis H.
    """

    name: str
    letters: str
    rows: str
    output: str
    others: Mapping[str, str | tuple[int, ...]] = field(default_factory=dict)
    states: Mapping[str, str] = field(default_factory=dict)
    frames: int = 0
    first: str = "x"
    least: int = 1
    head: int = 1

    @property
    def path(self) -> Path:
        """The file."""
        return MODELS / f"{self.name}.onnx"

    @property
    def layout(self) -> str:
        """What a user would say of the axes."""
        return f"{self.first}[{self.letters}],{self.output}[{self.rows.replace('H', '?')}]"

    @property
    def chosen(self) -> str:
        """The output, or the chosen head of it."""
        return f"{self.output}[{self.head}]" if "H" in self.rows else self.output

    def expected(self, features: Array, chosen: str = "") -> Array:
        """Scores [T', C] of onnxruntime ([1, C]: one vector), of a ``chosen`` head or of all beside each other."""
        session = _session(self.path)
        states = {name: np.zeros(shape, np.float32) for name, shape in self.others.items() if isinstance(shape, tuple)}
        if "processed_lens" in states:
            states["processed_lens"] = np.zeros(1, np.int64)
        piece = self.frames or len(features)
        parts = []
        for start in range(0, len(features), piece):
            rows = np.minimum(np.arange(start, start + piece), len(features) - 1)
            feed = {self.first: _arranged(features[rows], self.letters)} | states
            feed |= {name: _filled(kind, piece, start) for name, kind in self.others.items() if isinstance(kind, str)}
            results = dict(zip(_names(session), session.run(None, feed), strict=True))
            states = {name: results[output] for name, output in self.states.items()}
            parts.append(_as_rows(results[self.output], self.rows))
        whole = np.concatenate(parts)[: len(features) if self.frames else None]
        return whole.reshape(len(whole), HEADS, -1)[:, self.head] if chosen.endswith("]") else whole


def _session(path: Path) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _names(session: Any) -> list[str]:
    return [output.name for output in session.get_outputs()]


def _filled(kind: str, frames: int, start: int) -> Array:
    match kind:
        case "length":
            return np.array([frames], np.int64)
        case "whole":
            return np.ones(1, np.float32)
        case "vector":
            return VECTOR[None]
        case "ones":
            return np.ones((1, frames), np.float32)
        case "none":
            return np.zeros((1, frames), np.bool_)
        case _:
            return np.array(start, np.int64)


def _arranged(features: Array, letters: str) -> Array:
    kept = [letter for letter in letters if letter in "TC"]
    turned = features if kept == ["T", "C"] else features.T
    sizes = dict(zip(kept, turned.shape, strict=True))
    return np.ascontiguousarray(turned.reshape([sizes.get(letter, 1) for letter in letters]))


def _as_rows(result: Array, letters: str) -> Array:
    order = [letters.index(letter) for letter in "THC" if letter in letters]
    others = [axis for axis in range(len(letters)) if axis not in order]
    turned = result.transpose([*others, *order]).reshape([result.shape[axis] for axis in order])
    return turned.reshape(len(turned) if "T" in letters else 1, -1)


LSTM_STATES: dict[str, Any] = {"others": {"h0": (2, 1, 8), "c0": (2, 1, 8)}, "states": {"h0": "hn", "c0": "cn"}}
WENET: dict[str, Any] = {
    "first": "chunk",
    "others": {"offset": "position", "att_cache": (1, 2, 6, 8), "cnn_cache": (1, 1, 8, 2)},
    "states": {"att_cache": "r_att_cache", "cnn_cache": "r_cnn_cache"},
}
ICEFALL_STATES = {
    "cached_conv": "new_cached_conv",
    "cached_avg": "new_cached_avg",
    "processed_lens": "new_processed_lens",
}
LENGTH = {"length": "length"}

CASES = (
    ToolkitCase("nemo_ctc", "NCT", "NTC", "logprobs", LENGTH, first="audio_signal"),
    ToolkitCase("nemo_encoder", "NCT", "NCT", "outputs", LENGTH, first="audio_signal"),
    ToolkitCase("wenet_chunk", "NTC", "NTC", "output", **WENET),
    ToolkitCase("wenet_chunk_static", "NTC", "NTC", "output", frames=8, **WENET),
    ToolkitCase(
        "icefall_streaming",
        "NTC",
        "NTC",
        "encoder_out",
        {"cached_conv": (1, 12, 2), "cached_avg": (1, 8), "processed_lens": (1,)},
        ICEFALL_STATES,
        frames=8,
    ),
    ToolkitCase("icefall_offline", "NTC", "NTC", "encoder_out", {"x_lens": "length"}),
    ToolkitCase("keras_conv", "NTC1", "NTC", "dense", first="input_1"),
    ToolkitCase("pytorch_lstm", "TNC", "TNC", "y", **LSTM_STATES),
    ToolkitCase("pytorch_lstm_unnamed", "TNC", "TNC", "y", **LSTM_STATES),
    ToolkitCase("state_next", "NTC", "NTC", "output", {"state": (2, 1, 8)}, {"state": "stateN"}, first="input"),
    ToolkitCase("pytorch_blstm", "NTC", "NTC", "y"),
    ToolkitCase("pytorch_blstm_unnamed", "NTC", "NTC", "y"),
    ToolkitCase("transformer_mask", "NTC", "NTC", "y", {"mask": "ones"}),
    ToolkitCase("transformer_padding", "NTC", "NTC", "y", {"padding_mask": "none"}),
    ToolkitCase("relative_lengths", "NTC", "NC", "embedding", {"lens": "whole"}, first="feats"),
    ToolkitCase("speaker", "NTC", "NTC", "y", {"spk_embed": "vector"}, first="feats"),
    ToolkitCase("xvector", "NTC", "NC", "embs", first="feats"),
    ToolkitCase("xvector_unnamed", "NCT", "NC", "embs", first="feats"),
    ToolkitCase("ctc", "NTC", "NTC", "log_probs"),
    ToolkitCase("ctc_channels", "NCT", "NTC", "log_probs"),
    ToolkitCase("ctc_static", "NTC", "NTC", "log_probs", frames=20),
    ToolkitCase("subsampling", "N1TC", "NTC", "y", least=7),
    ToolkitCase("heads", "NTC", "NHTC", "y"),
    ToolkitCase("voice_activity", "NTC", "NT", "y"),
    ToolkitCase("normalized", "NTC", "TNC", "y"),
    ToolkitCase("attentive", "NTC", "N1C", "embedding", first="feats"),
    ToolkitCase("last_frame", "NTC", "NC", "y"),
    ToolkitCase("dnn", "TC", "TC", "y"),
    ToolkitCase("ctc_dynamo", "NTC", "NTC", "y", least=3),
    ToolkitCase("ctc_dynamo_unnamed", "NTC", "NTC", "y", least=2),
)
