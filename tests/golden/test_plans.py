"""However whole utterances go into requests, the scores are those of Kaldi's own programs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.kaldi_io import read_table
from ov_asr_score.scoring.model_loading import configure_model, load_model
from ov_asr_score.scoring.plan import Grouping, Plan, RowsPlan, UtterancePlan, conversion_of
from ov_asr_score.scoring.requests.utterance_groups import can_cut
from ov_asr_score.scoring.scorer import Scorer, prepare_scorer
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.scoring.utterances.joining import InputTable, JoinOptions, Utterance, read_utterances
from tests.golden.test_cases import FOLDERS, as_run, description, model_files, runs
from tests.golden.test_frame_graphs import in_chunks
from tests.golden.test_nnet1_cases import FOLDERS as NNET1_FOLDERS
from tests.golden.test_nnet1_cases import as_options

TOGETHER = Grouping(max_utterances=100, frames=10_000, waste=1.0, look_ahead=10_000)
EQUAL = Grouping(max_utterances=100, frames=10_000, waste=0.0, look_ahead=10_000)
WINDOWS = Grouping(max_utterances=1, frames=1, waste=0.0, look_ahead=1, longest=4)
PLANS = {"together": TOGETHER, "equal": EQUAL, "windows": WINDOWS}

PARAMETERS = [
    pytest.param(folder, options, output, id=f"{folder.parent.name}/{folder.name}-{output.stem}")
    for folder in FOLDERS
    for options, output in runs(folder)
    if not in_chunks(folder, options)
]


def opened_scorer(options: ScorerOptions, first: Utterance) -> Scorer:
    return prepare_scorer(configure_model(load_model(options), options), options, first)


def check_plans(
    scorer: Scorer, utterances: list[Utterance], expected: dict[str, NDArray[Any]], tolerance: float
) -> None:
    """Compare the scores of every plan that the model allows, and of utterances of one length in one request."""
    facts = conversion_of(scorer.plan)
    assert facts is not None
    twice = [replace(utterance, key=f"{utterance.key}-{turn}") for utterance in utterances for turn in (1, 2)]
    plans: dict[str, Plan] = {}
    if isinstance(scorer.plan, UtterancePlan) and scorer.plan.grouping is not None:
        for name, grouping in PLANS.items():
            if not (name == "together" and not facts.can_pad) and not (name == "windows" and not can_cut(facts)):
                plans[name] = replace(scorer.plan, grouping=grouping)
    if isinstance(scorer.plan, RowsPlan):
        plans["rows"] = replace(scorer.plan, frames_per_request=3)
    if not plans:
        pytest.skip("one utterance per request")
    for name, plan in plans.items():
        results = list(replace(scorer, plan=plan).score(twice))
        assert [result.key for result in results] == [utterance.key for utterance in twice], name
        for result in results:
            scores = next(iter(result.scores.values()))
            wanted = expected[result.key[:-2]]
            assert scores.shape == wanted.shape, f"{name}: {result.key}"
            difference = np.abs(scores - wanted).max()
            assert difference <= tolerance, f"{name}: {result.key}: {difference:.3g}"
        if name == "together":
            assert sum(result.num_requests for result in results) == 1


@pytest.mark.parametrize(("folder", "options", "output"), PARAMETERS)
def test_scores_do_not_depend_on_the_plan(folder: Path, options: list[str], output: Path) -> None:
    case = description(folder)
    run = as_run(folder, case, options)
    expected = dict(read_table(f"ark:{output}"))
    utterances = [each for each in read_utterances(run.tables, JoinOptions()) if each.key in expected]
    scorer = opened_scorer(
        ScorerOptions(model=str(model_files(folder)[0]), kaldi=replace(run.options, time="utterance")), utterances[0]
    )
    check_plans(scorer, utterances, expected, case["tolerance"])


@pytest.mark.parametrize("folder", NNET1_FOLDERS, ids=lambda folder: folder.name)
def test_scores_of_nnet1_do_not_depend_on_the_plan(folder: Path) -> None:
    case = description(folder)
    expected = dict(read_table(f"ark:{folder / 'output.ark'}"))
    utterances = list(read_utterances([InputTable("input", f"ark:{folder / 'input.ark'}")], JoinOptions()))
    kaldi = replace(as_options(folder, case["options"]), time="utterance")
    scorer = opened_scorer(ScorerOptions(model=str(folder / "model.nnet"), kaldi=kaldi), utterances[0])
    largest = max(1.0, *(float(np.abs(scores).max()) for scores in expected.values()))
    check_plans(scorer, utterances, expected, case["tolerance"] * largest)
