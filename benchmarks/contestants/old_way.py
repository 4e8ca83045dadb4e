"""The method of OpenVINO's old speech sample: a few frames per request, one request after the other.

Needs numpy and openvino 2023.3 or later, and nothing of this repository, so that another Python can run it:
``python old_way.py MODEL.xml PRECISION SECONDS``. PRECISION is a value of INFERENCE_PRECISION_HINT, or ``default``.
It answers every line on standard input with one JSON line: frames scored and seconds; the first line describes the run.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import openvino as ov

FRAMES = 1000  # of an utterance


def main() -> None:
    """Score utterances for the given time on every line of standard input."""
    path, precision, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    settings = {} if precision == "default" else {"INFERENCE_PRECISION_HINT": precision}
    compiled = ov.Core().compile_model(path, "CPU", settings)
    request = compiled.create_infer_request()
    features, others, at_once = _features(compiled)
    request.infer({**others, "input": features[0]})
    _say({"openvino": ov.__version__, "at_once": at_once})
    for _ in sys.stdin:
        frames, started = 0, time.perf_counter()
        while time.perf_counter() - started < seconds:
            for state in request.query_state():
                state.reset()
            rows = []
            for piece in features:
                request.infer({**others, "input": piece})
                rows.append(request.get_output_tensor(0).data.copy())
                # With slow models, an utterance takes seconds.
                if time.perf_counter() - started >= seconds:
                    break
            np.concatenate(rows)
            frames += len(rows) * at_once
        _say({"frames": frames, "seconds": time.perf_counter() - started})


def _features(compiled: ov.CompiledModel) -> tuple[list[np.ndarray], dict[str, np.ndarray], int]:
    """Pieces of an utterance for the input ``input``, arrays for all other inputs, and the frames per piece."""
    random = np.random.default_rng(4)
    shapes = {port.get_any_name(): list(port.shape) for port in compiled.inputs}
    piece = shapes.pop("input")
    at_once = int(np.prod(piece[:-1]))
    features = random.standard_normal((FRAMES // at_once, *piece)).astype(np.float32)
    others = {name: random.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    return list(features), others, at_once


def _say(answer: dict[str, object]) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
