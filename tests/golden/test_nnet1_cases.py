"""Scores of small models of nnet1 against those of nnet-forward (see make_nnet1_cases.py)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score.convert.from_file import convert_file
from ov_asr_score.convert.layers.registry import supported_types
from ov_asr_score.convert.rt_info import read_facts
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.kaldi_model.components.type_table import component_types
from ov_asr_score.openvino_api import ov
from ov_asr_score.settings.kaldi import KaldiOptions
from tests.golden.test_cases import description

HERE = Path(__file__).parent / "nnet1"
FOLDERS = sorted(path.parent for path in HERE.glob("*/case.toml"))
MODELS = [path for folder in FOLDERS for path in sorted(folder.glob("*.nnet*")) if "transform" not in path.name]


def as_options(folder: Path, options: list[str]) -> KaldiOptions:
    """Our options for those of nnet-forward."""
    given: dict[str, Any] = {}
    for option in options:
        name, _, text = option.removeprefix("--").partition("=")
        if name in ("feature-transform", "class-frame-counts"):
            given[name.replace("-", "_")] = str(folder / text)
        else:
            given[name.replace("-", "_")] = text == "true" if text in ("true", "false") else float(text)
    return KaldiOptions(**given)


def compiled(model: ov.Model) -> ov.CompiledModel:
    return ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})


@pytest.mark.parametrize("path", MODELS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_scores_are_those_of_kaldi(path: Path) -> None:
    folder = path.parent
    case = description(folder)
    model = compiled(convert_file(path, as_options(folder, case["options"])))
    expected = dict(read_table(f"ark:{folder / 'output.ark'}"))
    for key, frames in read_table(f"ark:{folder / 'input.ark'}"):
        reference = np.asarray(expected.pop(key), np.float64)
        scores = model([np.asarray(frames)[np.newaxis]])[0][0]
        assert scores.shape == reference.shape
        difference = np.abs(scores - reference) / np.maximum(1.0, np.abs(reference))
        worst = np.unravel_index(int(np.argmax(difference)), difference.shape)
        assert difference[worst] <= case["tolerance"], (
            f"{key}: {scores[worst]} at {worst}, Kaldi has {reference[worst]}"
        )
    assert not expected


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_several_utterances_of_the_same_length_in_one_request(folder: Path) -> None:
    case = description(folder)
    graph = convert_file(folder / "model.nnet", as_options(folder, case["options"]))
    model = compiled(graph)
    utterances = dict(read_table(f"ark:{folder / 'input.ark'}"))
    length = 7
    frames = np.stack(
        [np.asarray(each)[start : start + length] for each in utterances.values() for start in (0, 9)][:2]
    )
    frames = np.concatenate([frames, -frames])
    together = model([frames])[0]
    for number, each in enumerate(frames):
        alone = model([each[np.newaxis]])[0][0]
        np.testing.assert_allclose(together[number], alone, rtol=2e-5, atol=2e-5)
    assert graph.outputs[0].get_partial_shape()[2].is_static
    facts = read_facts(graph)
    assert facts is not None
    assert (facts.time, facts.generation) == ("utterance", 1)


def test_every_component_of_nnet1_is_proved() -> None:
    proved = {name for folder in FOLDERS for name in description(folder)["components"]}
    old = {"LstmProjectedStreams", "BlstmProjectedStreams"}
    assert old == {name for kind in component_types(1) for name in kind.old_names}
    assert proved == set(supported_types(1)) | old
    assert len(proved) == 29
