"""Converted models with fixed shapes score as those with free ones, whatever the length of an utterance."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score import ConvertJob, KaldiOptions, run_conversion, score
from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.convert.static_shapes import fix_shapes
from ov_asr_score.errors import UsageError
from ov_asr_score.openvino_api import ov
from ov_asr_score.scoring.utterances.joining import JoinOptions, read_utterances
from tests.golden.test_cases import FOLDERS, as_run, description, model_files, runs

SHORT_CHUNK = 20  # utterances have more frames than that
IN_CHUNKS = [
    pytest.param(folder, options, id=f"{folder.name}-{output.stem}")
    for folder in FOLDERS
    for options, output in runs(folder)
    if 0 < as_run(folder, description(folder), options).options.frames_per_chunk <= SHORT_CHUNK
]
# One in ten is enough for a quick look.
IN_CHUNKS = [
    case if number % 10 == 0 else pytest.param(*case.values, id=case.id, marks=pytest.mark.slow)
    for number, case in enumerate(IN_CHUNKS)
]


def scores_of(model: Path, arrays: Any, kaldi: KaldiOptions | None = None) -> dict[str, Any]:
    found = score(model, arrays=arrays) if kaldi is None else score(model, arrays=arrays, kaldi=kaldi)
    return {result.key: next(iter(result.scores.values())) for result in found}


@pytest.mark.parametrize(("folder", "options"), IN_CHUNKS)
def test_chunks_of_one_shape_score_as_those_of_any(folder: Path, options: list[str], tmp_path: Path) -> None:
    run = as_run(folder, description(folder), options)
    # The first set is that of the case: the others end after every remainder of a chunk.
    arrays = {each.key: dict(each.features) for each in read_utterances(run.tables, JoinOptions())}
    longest = max(arrays.values(), key=lambda features: len(features["input"]))
    for length in range(1, len(longest["input"]) + 1):
        arrays[f"first {length}"] = {
            name: value[:length] if len(value) == len(longest["input"]) and value.ndim == 2 else value
            for name, value in longest.items()
        }
    model, path = model_files(folder)[0], tmp_path / "model.xml"
    try:
        run_conversion(ConvertJob(model=str(model), output=str(path), kaldi=run.options, static=True))
    except UsageError as error:
        assert "cannot be padded; batch_compute moves it back" in str(error)
        assert not list(tmp_path.iterdir())
        run = replace(run, options=replace(run.options, batch_compute=True))
        run_conversion(ConvertJob(model=str(model), output=str(path), kaldi=run.options, static=True))
    read = ov.Core().read_model(path)
    assert not read.is_dynamic()
    found, expected = scores_of(path, arrays), scores_of(model, arrays, run.options)
    assert found.keys() == expected.keys()
    for key, wanted in expected.items():
        np.testing.assert_allclose(found[key], wanted, rtol=0, atol=1e-5, err_msg=key)


def test_frames_in_order_have_fixed_shapes_anyway(tmp_path: Path) -> None:
    model = model_files(next(folder for folder in FOLDERS if folder.name == "fast_lstm"))[0]
    kaldi = KaldiOptions(time="frame", frames_per_request=4)
    path = tmp_path / "model.xml"
    run_conversion(ConvertJob(model=str(model), output=str(path), kaldi=kaldi, static=True))
    assert not ov.Core().read_model(path).is_dynamic()


def test_whole_utterances_have_no_fixed_shape(tmp_path: Path) -> None:
    facts = ConversionFacts("utterance", "a.mdl", "", 3, 0, 0)
    with pytest.raises(UsageError, match="frames_per_chunk gives it windows of one length") as caught:
        fix_shapes(ov.Model([], []), facts)
    assert caught.value.fields == ("static", "frames_per_chunk")
    with pytest.raises(UsageError, match="chunks of several lengths"):
        fix_shapes(ov.Model([], []), replace(facts, time="vector"))
