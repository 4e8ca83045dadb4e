"""Scores of nnet1 frame by frame against those of nnet-forward, which had the whole utterance."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.convert.facts import FRAMES_LEFT_INPUT
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_io import TableWriter, read_table
from ov_asr_score.scoring.model_loading import configure_model, load_model
from ov_asr_score.scoring.plan import FramesPlan
from ov_asr_score.scoring.scorer import Scorer, prepare_scorer
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.scoring.utterances.joining import InputTable, JoinOptions, read_utterances
from tests.golden.nnet1_text import ModelText, network, parallel, plain, splice
from tests.golden.test_cases import description
from tests.golden.test_nnet1_cases import FOLDERS, as_options

# What looks at all frames of an utterance at once.
NEVER = frozenset(
    {
        *("blstm", "blstm_streams", "multi_basis", "parallel", "parallel_nested", "sentence_averaging"),
        *("simple_averaging", "simple_averaging_number", "simple_averaging_sum"),
    }
)


def scorer_of(options: ScorerOptions) -> Scorer:
    return prepare_scorer(configure_model(load_model(options), options), options)


@pytest.mark.parametrize("frames", [0, 7])
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_scores_frame_by_frame_are_those_of_kaldi(folder: Path, frames: int) -> None:
    case = description(folder)
    kaldi = replace(as_options(folder, case["options"]), time="frame", frames_per_request=frames)
    options = ScorerOptions(model=str(folder / "model.nnet"), kaldi=kaldi, batch_size=1)
    if folder.name in NEVER:
        with pytest.raises(UnsupportedModelError, match=r"cannot be scored frame by frame: 'component.* at byte "):
            load_model(options)
        return
    scorer = scorer_of(options)
    assert isinstance(scorer.plan, FramesPlan)
    expected = dict(read_table(f"ark:{folder / 'output.ark'}"))
    utterances = read_utterances([InputTable("input", f"ark:{folder / 'input.ark'}")], JoinOptions())
    for result in scorer.score(utterances):
        reference = np.asarray(expected.pop(result.key), np.float64)
        scores = next(iter(result.scores.values()))
        assert scores.shape == reference.shape
        difference = np.abs(scores - reference) / np.maximum(1.0, np.abs(reference))
        assert difference.max() <= case["tolerance"], f"{result.key}: {difference.max():.3g}"
    assert not expected


def bottlenecks() -> str:
    """Two networks one behind the other, each with spliced input: the second repeats edges of the first's output."""
    model = ModelText(2)
    first = [splice(3, -2, 0, 1), model.affine(4, 9), plain("Sigmoid", 4)]
    return network(*first, splice(4, -5, -1, 0, 3), model.affine(4, 16), plain("Tanh", 4), splice(4, 0, 2))


def branches() -> str:
    """Networks side by side that look ahead differently far, before and behind a recurrence."""
    model = ModelText(3)
    ahead = network(splice(2, 0, 4), model.affine(3, 4))
    behind = network(splice(2, -3, 0), model.recurrent(3, 4), splice(3, -1, 1))
    at_once = network(model.affine(2, 1))
    return network(parallel(11, 5, ahead, behind, at_once), splice(11, -1, 0, 1), model.lstm(4, 3, 33))


@pytest.mark.parametrize("text", [bottlenecks(), branches()], ids=["bottlenecks", "branches"])
@pytest.mark.parametrize("frames", [0, 2, 7, 40])
def test_edges_inside_of_a_network(tmp_path: Path, text: str, frames: int) -> None:
    model = tmp_path / "model.nnet"
    model.write_text(text)
    table = f"ark:{tmp_path / 'input.ark'}"
    width = 3 if "ParallelComponent" not in text else 5
    random = np.random.default_rng(4)
    frames_of = {f"utt{n}": random.standard_normal((n, width)).astype(np.float32) for n in (23, 1, 2, 5, 8)}
    with TableWriter(table) as writer:
        for key, rows in frames_of.items():
            writer.write(key, rows)

    def scores(**options: object) -> dict[str, NDArray[Any]]:
        chosen = ScorerOptions(model=str(model), batch_size=1)
        chosen = replace(chosen, kaldi=replace(chosen.kaldi, **options))  # type: ignore[arg-type]
        scorer = scorer_of(chosen)
        asks = [port.name for port in scorer.runner.inputs]
        assert asks == (["input", FRAMES_LEFT_INPUT] if options else ["input"])
        utterances = read_utterances([InputTable("input", table)], JoinOptions())
        return {result.key: next(iter(result.scores.values())) for result in scorer.score(utterances)}

    whole, in_parts = scores(), scores(time="frame", frames_per_request=frames)
    assert whole.keys() == in_parts.keys()
    for key, expected in whole.items():
        np.testing.assert_allclose(in_parts[key], expected, rtol=0, atol=2e-6, err_msg=key)
