"""With static shapes scores are those of Kaldi's own programs, in windows as in chunks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import openvino as ov
import pytest

from ov_asr_score.kaldi_io import read_table
from ov_asr_score.scoring.model_loading import configure_model, load_model
from ov_asr_score.scoring.plan import ChunksPlan, UtterancePlan
from ov_asr_score.scoring.requests.openvino_runner import OpenVinoRunner
from ov_asr_score.scoring.requests.static_runner import StaticRunner
from ov_asr_score.scoring.scorer import Scorer, prepare_scorer
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.scoring.utterances.joining import InputTable, JoinOptions, Utterance, read_utterances
from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.kaldi import KaldiOptions
from tests.golden.test_cases import FOLDERS, XVECTORS, as_run, description, model_files, runs
from tests.golden.test_nnet1_cases import FOLDERS as NNET1_FOLDERS
from tests.golden.test_nnet1_cases import as_options

PARAMETERS = [
    pytest.param(
        *(folder, options, output, time),
        id=f"{folder.parent.name}/{folder.name}-{output.stem}-{time}",
        marks=[pytest.mark.slow] if time == "auto" else [],  # frames in order, where they may be
    )
    for folder in (*FOLDERS, *XVECTORS)
    for options, output in runs(folder)
    for time in ("auto", "utterance")
]


def static_scorer(path: Path, kaldi: KaldiOptions, first: Utterance) -> Scorer:
    """A scorer with windows as short as they may be."""
    options = ScorerOptions(model=str(path), kaldi=kaldi, device=DeviceSettings(static=True))
    scorer = prepare_scorer(configure_model(load_model(options), options), options, first)
    plan = scorer.plan
    if isinstance(plan, UtterancePlan) and plan.windows is not None:
        windows = plan.windows
        least = windows.left + windows.right + windows.alignment
        return replace(scorer, plan=replace(plan, windows=replace(windows, frames=least)))
    return scorer


def check(scorer: Scorer, utterances: list[Utterance], output: Path, tolerance: float) -> None:
    expected = dict(read_table(f"ark:{output}"))
    found = list(scorer.score([utterance for utterance in utterances if utterance.key in expected]))
    assert {result.key for result in found} == expected.keys()
    for result in found:
        scores, wanted = next(iter(result.scores.values())), np.atleast_2d(expected[result.key])
        assert scores.shape == wanted.shape
        difference = np.abs(scores - wanted).max()
        assert difference <= tolerance, f"{result.key}: {difference:.3g}"
    assert is_static(scorer)


def is_static(scorer: Scorer) -> bool:
    """Whether everything that was compiled has fixed shapes at its inputs and outputs."""
    runner = scorer.runner
    if isinstance(runner, StaticRunner):
        return all(has_fixed_ports(kept.compiled) for kept in runner._kept.values())
    assert isinstance(runner, OpenVinoRunner)
    return has_fixed_ports(runner.compiled)


def has_fixed_ports(compiled: ov.CompiledModel) -> bool:
    return all(port.get_partial_shape().is_static for port in (*compiled.inputs, *compiled.outputs))


@pytest.mark.parametrize(("folder", "options", "output", "time"), PARAMETERS)
def test_static_scores_are_those_of_kaldi(folder: Path, options: list[str], output: Path, time: str) -> None:
    case = description(folder)
    run = as_run(folder, case, options)
    utterances = list(read_utterances(run.tables, JoinOptions()))
    kaldi = replace(run.options, time=time)  # type: ignore[arg-type]
    scorer = static_scorer(model_files(folder)[0], kaldi, utterances[0])
    if isinstance(scorer.plan, UtterancePlan) and scorer.plan.windows is not None and scorer.plan.windows.pad:
        check(scorer, utterances, output, case["tolerance"])
        assert isinstance(scorer.runner, StaticRunner)
        assert len(scorer.runner.compiled_shapes) == 2  # windows as they were chosen first, and these
        return
    if isinstance(scorer.plan, ChunksPlan):
        assert scorer.plan.single
    check(scorer, utterances, output, case["tolerance"])


@pytest.mark.parametrize("folder", NNET1_FOLDERS, ids=lambda folder: folder.name)
def test_static_scores_of_nnet1_are_those_of_kaldi(folder: Path) -> None:
    case = description(folder)
    utterances = list(read_utterances([InputTable("input", f"ark:{folder / 'input.ark'}")], JoinOptions()))
    kaldi = replace(as_options(folder, case["options"]), time="utterance")
    output = folder / "output.ark"
    largest = max(1.0, *(float(np.abs(scores).max()) for _, scores in read_table(f"ark:{output}")))
    check(static_scorer(folder / "model.nnet", kaldi, utterances[0]), utterances, output, case["tolerance"] * largest)
