"""Devices over the CPU, and blobs that are exported and scored with again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kaldiio
import numpy as np
import openvino as ov
import pytest

from ov_asr_score.device.blobs import export_blob
from ov_asr_score.errors import DeviceError, UnknownNameError, UnsupportedModelError, UsageError
from ov_asr_score.scoring import scorer as scorer_module
from ov_asr_score.scoring.model_loading import configure_model, load_model
from ov_asr_score.scoring.scorer import prepare_scorer
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.scoring.utterances.joining import Utterance
from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.gna import GnaSettings
from tests.runtimes import computes_in
from tests.scoring.tiny_models import (
    WIDTH,
    affine_model,
    affine_scores,
    assert_close,
    decay_model,
    decay_scores,
    frames,
    make_scorer,
    running_sum_model,
    score_with,
    splice_model,
    splice_scores,
    utterances,
)

ROOT = Path(__file__).parents[2]
LENGTHS = (5, 0, 1, 9, 2)


@pytest.mark.parametrize("device", ["AUTO:CPU", "MULTI:CPU", "HETERO:CPU"])
@pytest.mark.parametrize(("make", "reference"), [(affine_model, affine_scores), (splice_model, splice_scores)])
def test_devices_over_the_cpu(device: str, make: Any, reference: Any, tmp_path: Path) -> None:
    model = make([1, WIDTH]) if make is affine_model else make()
    given = utterances(*LENGTHS)
    for utterance, result in zip(
        given, score_with(model, given, tmp_path, device=DeviceSettings(device), batch_size=4), strict=True
    ):
        assert_close(result.scores["score"], reference(utterance.features["x"]))


def test_a_precision_that_the_device_does_not_have_is_noted(tmp_path: Path) -> None:
    for precision, ability in (("bf16", "BF16"), ("f16", "FP16")):
        settings = DeviceSettings(precision=precision)  # type: ignore[arg-type]
        scorer = make_scorer(affine_model([1, WIDTH]), utterances(3)[0], tmp_path, device=settings)
        assert bool(scorer.notes) == (not computes_in(ability))


def export(model: ov.Model, first: Utterance | None, folder: Path, **options: Any) -> str:
    scorer = make_scorer(model, first, folder, one_at_a_time=True, **options)
    export_blob(scorer.compiled, folder / "model.blob", DeviceSettings())
    return str(folder / "model.blob")


def score_blob(blob: str, given: list[Utterance], **options: Any) -> list[Any]:
    chosen = ScorerOptions(blob=blob, **options)
    return list(prepare_scorer(configure_model(load_model(chosen), chosen), chosen, given[0]).score(given))


@pytest.mark.parametrize("with_features", [False, True])
@pytest.mark.parametrize(
    ("make", "reference", "options"),
    [
        (lambda: affine_model([1, WIDTH]), affine_scores, {}),
        (lambda: affine_model([1, WIDTH]), affine_scores, {"batch_size": 4, "fixed_batch": True}),
        (lambda: affine_model([WIDTH]), affine_scores, {}),
        (lambda: affine_model([1, -1, WIDTH]), affine_scores, {}),
        (lambda: affine_model([1, 4, WIDTH]), affine_scores, {}),
        (splice_model, splice_scores, {}),
        (decay_model, decay_scores, {}),
        (lambda: running_sum_model([-1, WIDTH]), lambda x: affine_scores(x).cumsum(0), {}),
        (lambda: affine_model([1, WIDTH], np.float16), affine_scores, {}),
    ],
)
def test_a_blob_scores_as_its_model(
    make: Any, reference: Any, options: dict[str, Any], with_features: bool, tmp_path: Path
) -> None:
    given = [Utterance(f"u{n}", {"x": np.round(frames(n, n) * 8).astype(np.float32) / 8}, n) for n in (5, 1, 9)]
    blob = export(make(), given[0] if with_features else None, tmp_path, **options)
    for utterance, result in zip(given, score_blob(blob, given), strict=True):
        assert_close(result.scores["score"], reference(utterance.features["x"]))


def test_a_blob_keeps_its_batch_and_layout(tmp_path: Path) -> None:
    given = utterances(5)
    blob = export(affine_model([1, WIDTH]), given[0], tmp_path, batch_size=4, fixed_batch=True)
    assert len(score_blob(blob, given, batch_size=4)) == 1
    with pytest.raises(UsageError, match=r"batch_size 8: the blob .*model.blob was exported for requests of 4 frames"):
        score_blob(blob, given, batch_size=8)
    with pytest.raises(UsageError, match="a blob keeps the layout it was exported with"):
        score_blob(blob, given, layout="[NC]")


def test_a_blob_with_several_inputs_and_outputs(tmp_path: Path) -> None:
    features = dict(kaldiio.load_ark(str(ROOT / "data" / "two_inputs" / "features.ark")))
    ivectors = dict(kaldiio.load_ark(str(ROOT / "data" / "two_inputs" / "ivectors_utterance.ark")))
    given = [
        Utterance(key, {"features": features[key], "ivector": ivectors[key]}, len(features[key])) for key in features
    ]
    path = ROOT / "models" / "two_inputs.xml"
    scorer = make_scorer(path, given[0])
    export_blob(scorer.compiled, tmp_path / "two.blob", DeviceSettings())
    blob = str(tmp_path / "two.blob")
    for ours, theirs in zip(score_blob(blob, given), score_with(path, given), strict=True):
        assert list(ours.scores) == ["score", "bottleneck"]
        for name, scores in ours.scores.items():
            np.testing.assert_array_equal(scores, theirs.scores[name])
    (result, *_) = score_blob(blob, given, outputs=("bottleneck",))
    assert {name: matrix.shape for name, matrix in result.scores.items()} == {"bottleneck": (37, 16)}
    with pytest.raises(UnknownNameError, match="the blob has no output 'botleneck'; did you mean 'bottleneck'"):
        score_blob(blob, given, outputs=("botleneck",))


def test_blobs_made_elsewhere_that_cannot_be_fed(tmp_path: Path) -> None:
    core = ov.Core()
    for name, model in (("half", affine_model([1, WIDTH], np.float16)), ("rows", decay_model((4, WIDTH)))):
        export_blob(core.compile_model(model, "CPU"), tmp_path / f"{name}.blob", DeviceSettings())
    with pytest.raises(UnsupportedModelError, match=r"half.blob: input 'x' takes f16"):
        score_blob(str(tmp_path / "half.blob"), utterances(3))
    with pytest.raises(UnsupportedModelError, match=r"rows.blob: has variables for 4 utterances at a time"):
        score_blob(str(tmp_path / "rows.blob"), utterances(3))


def test_scale_factors_of_a_gna_device_come_from_the_first_utterance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no plugin to compile for, so what it would be asked is looked at."""
    asked: list[DeviceSettings] = []

    def refuse(core: ov.Core, model: ov.Model, settings: DeviceSettings) -> ov.CompiledModel:
        asked.append(settings)
        raise DeviceError("no such device")

    monkeypatch.setattr(scorer_module, "compile_model", refuse)
    monkeypatch.setattr(scorer_module, "is_emulated", lambda core, settings: False)  # as with a plugin
    value = np.zeros((3, WIDTH), np.float32)
    value[1, 2] = -8
    given = [GnaSettings(), GnaSettings(scale_factors={"x": 3.0})]
    for gna in given:
        with pytest.raises(DeviceError, match="no such device"):
            device = DeviceSettings("HETERO:GNA_SW_EXACT,CPU", gna=gna)
            make_scorer(affine_model([1, WIDTH]), Utterance("a", {"x": value}, 3), tmp_path, device=device)
    assert [dict(settings.gna.scale_factors) for settings in asked] == [{"x": 2048.0}, {"x": 3.0}]
