"""Speed of a TDNN-F on a CPU in three forms: ``python -m benchmarks.tdnn_forms``.

The same 17 layers (1536/160, a row of 6000 scores for three frames) built by hand in three ways, from the same weights:
``splice``, one matrix product on frames that are cut and put side by side; ``product``, wide frames multiplied first
and their narrow products spliced (what the converter does); ``convolution``, dilated 1-D convolutions on [B, C, T].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring.timing import medians, requests
from ov_asr_score.openvino_api import opset, ov

DIM, NARROW, INPUT, LAST, OUTPUTS = 1536, 160, 300, 256, 6000
# How far each layer looks; from the third on only every third frame is computed.
STRIDES, SUBSAMPLED_FROM, FACTOR = (1,) * 3 + (0,) + (3,) * 12, 2, 3
FORMS = ("splice", "product", "convolution")
FRAMES, STREAMS, REPEATS = 1000, 2, 9


def _ints(*values: int) -> ov.Node:
    return opset.constant(np.array(values, np.int64))


@dataclass
class _Builder:
    """The operations of one form; weights are drawn in the same order for all forms."""

    form: str
    random: np.random.Generator

    @property
    def time(self) -> int:
        return 2 if self.form == "convolution" else 1

    def vector(self, mean: float = 0.0) -> ov.Node:
        values = (self.random.standard_normal(DIM) * 0.1 + mean).astype(np.float32)
        return opset.constant(values.reshape((1, -1, 1) if self.time == 2 else (1, 1, -1)))

    def weights(self, rows: int, columns: int) -> NDArray[np.float32]:
        return np.asarray(self.random.standard_normal((rows, columns)) / np.sqrt(columns), np.float32)

    def cut(self, value: ov.Node, start: int, stop: int, step: int = 1) -> ov.Node:
        end = stop if stop < 0 else np.iinfo(np.int64).max
        return opset.slice(value, _ints(start), _ints(int(end)), _ints(step), _ints(self.time))

    def product(self, value: ov.Node, weights: NDArray[np.float32]) -> ov.Node:
        if self.time == 2:
            return opset.convolution(value, opset.constant(weights[:, :, None]), [1], [0], [0], [1])
        return opset.matmul(value, opset.constant(weights), False, True)

    def spliced(self, value: ov.Node, weights: NDArray[np.float32], distance: int, step: int) -> ov.Node:
        """The product with frames t and t + distance side by side, for every ``step``-th t."""
        if not distance:
            return self.product(value if step == 1 else self.cut(value, 0, 0, step), weights)
        rows, width = len(weights), weights.shape[1] // 2
        first, second = weights[:, :width], weights[:, width:]
        if self.time == 2:
            kernel = opset.constant(np.ascontiguousarray(np.stack([first, second], axis=2)))
            return opset.convolution(value, kernel, [step], [0], [0], [distance])
        if self.form == "product" and rows * 2 <= width and step == 1:
            products = self.product(value, np.concatenate([first, second]))
            halves = opset.split(products, opset.constant(np.array(2, np.int64)), 2)
            return opset.add(self.cut(halves.output(0), 0, -distance), self.cut(halves.output(1), distance, 0))
        frames = [self.cut(value, 0, -distance, step), self.cut(value, distance, 0, step)]
        return self.product(opset.concat(frames, 2), weights)

    def relu_norm(self, value: ov.Node) -> ov.Node:
        biased = opset.add(value, self.vector())
        return opset.add(opset.multiply(opset.relu(biased), self.vector(1.0)), self.vector())

    def model(self) -> ov.Model:
        features = opset.parameter(ov.PartialShape([-1, -1, INPUT]), np.float32)
        value = opset.transpose(features, _ints(0, 2, 1)) if self.time == 2 else features
        value, rate = self.relu_norm(self.product(value, self.weights(DIM, INPUT))), 1
        for number, stride in enumerate(STRIDES):
            next_rate = FACTOR if number >= SUBSAMPLED_FROM else 1
            distance, step = stride // rate, next_rate // rate
            inputs = 2 if stride else 1
            narrow = self.spliced(value, self.weights(NARROW, DIM * inputs), distance, 1)
            wide = self.spliced(narrow, self.weights(DIM, NARROW * inputs), distance, step)
            skipped = self.cut(value, distance, -distance, step) if distance or step > 1 else value
            value = opset.add(opset.multiply(skipped, opset.constant(np.float32(0.66))), self.relu_norm(wide))
            rate = next_rate
        value = self.relu_norm(self.product(self.product(value, self.weights(LAST, DIM)), self.weights(DIM, LAST)))
        value = self.product(self.product(value, self.weights(LAST, DIM)), self.weights(OUTPUTS, LAST))
        if self.time == 2:
            value = opset.transpose(value, _ints(0, 2, 1))
        return ov.Model([opset.result(value)], [features], self.form)


def main() -> None:
    """Print frames per second of each form, and check that their scores agree."""
    frames = np.random.default_rng(2).standard_normal((1, FRAMES, INPUT)).astype(np.float32)
    models = {form: _Builder(form, np.random.default_rng(3)).model() for form in FORMS}
    scores = {
        form: np.array(ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})([frames])[0])
        for form, model in models.items()
    }
    seconds = medians({form: requests(model, STREAMS, [frames]) for form, model in models.items()}, REPEATS)
    for form in FORMS:
        difference = np.abs(scores[form] - scores[FORMS[0]]).max()
        print(f"{form:12s} {STREAMS * FRAMES / seconds[form]:10,.0f} frames/s, difference {difference:.1e}")


if __name__ == "__main__":
    main()
