"""Scores frame by frame against those of Kaldi's programs, which had the whole utterance."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.scoring.model_loading import configure_model, load_model
from ov_asr_score.scoring.plan import FramesPlan
from ov_asr_score.scoring.scorer import prepare_scorer
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.scoring.utterances.joining import JoinOptions, read_utterances
from tests.golden.test_cases import FOLDERS, as_run, description, model_files, runs

# What can only be computed when all later frames are there, or that reads one fixed frame of what changes over time.
NEVER = {
    "nnet3/bidirectional",
    "nnet3/bidirectional_twice",
    "nnet3/fast_blstm",
    "nnet3/loop_both_ways_backward",
    "nnet3/lstm_of_parts_backward",
    "nnet3/pgru_backward",
    "nnet3/rnn_future_2",
    "nnet3/rnn_mixed_2_4",
}
# What is defined for frames that are not one stretch, at least without subsampling.
GAPS = {
    "nnet3/if_defined_failover",
    "nnet3/if_defined_switch",
    "nnet3/round_missing",
    "nnet3/statistics_of_what_is_defined",
}


def in_chunks(folder: Path, options: list[str]) -> bool:
    """Whether Kaldi's scores are those of chunks, each computed on its own."""
    asked = as_run(folder, description(folder), options).options
    return bool(asked.frames_per_chunk or asked.chunk_size)


PARAMETERS = [
    pytest.param(folder, options, output, frames, id=f"{folder.parent.name}/{folder.name}-{output.stem}-{frames}")
    for folder in FOLDERS
    for options, output in runs(folder)
    if not in_chunks(folder, options)
    for frames in (0, 7)
]


def name_of(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"


@pytest.mark.parametrize(("folder", "options", "output", "frames"), PARAMETERS)
def test_scores_frame_by_frame_are_those_of_kaldi(folder: Path, options: list[str], output: Path, frames: int) -> None:
    case = description(folder)
    run = as_run(folder, case, options)
    kaldi = replace(run.options, time="frame", frames_per_request=frames)
    scorer_options = ScorerOptions(model=str(model_files(folder)[0]), kaldi=kaldi, batch_size=1)
    if name_of(folder) in NEVER:
        with pytest.raises(UnsupportedModelError, match="cannot be scored frame by frame"):
            load_model(scorer_options)
        return
    try:
        loaded = load_model(scorer_options)
    except UnsupportedModelError as error:
        assert name_of(folder) in GAPS and "cannot be scored frame by frame" in str(error)
        return
    opened = configure_model(loaded, scorer_options)
    utterances = list(read_utterances(run.tables, JoinOptions()))
    expected = dict(read_table(f"ark:{output}"))
    utterances = [utterance for utterance in utterances if utterance.key in expected]
    scorer = prepare_scorer(opened, scorer_options, utterances[0])
    assert isinstance(scorer.plan, FramesPlan)
    for result in scorer.score(utterances):
        scores = next(iter(result.scores.values()))
        assert scores.shape == expected[result.key].shape, result.key
        difference = np.abs(scores - expected.pop(result.key))
        assert difference.max() <= case["tolerance"], f"{result.key}: {difference.max():.3g}"
    assert not expected
