"""Variables replaced by what they begin with."""

from __future__ import annotations

import numpy as np
import openvino as ov

from ov_asr_score.ov_model.without_variables import without_variables
from tests.scoring.tiny_models import WIDTH, affine_model, decay_model, decay_scores, frames

CORE = ov.Core()


def test_a_request_begins_with_the_initial_values_every_time() -> None:
    model = decay_model()
    changed = without_variables(model)
    assert not changed.get_sinks() and not changed.get_variables()
    assert model.get_sinks()  # as it was
    compiled = CORE.compile_model(changed, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    values = frames(2)
    for frame in values:
        np.testing.assert_allclose(compiled([frame[None]])[0], decay_scores(frame[None]), atol=1e-6)


def test_a_model_without_variables_stays() -> None:
    changed = without_variables(affine_model((1, WIDTH)))
    assert [port.get_any_name() for port in changed.outputs] == ["score"]
