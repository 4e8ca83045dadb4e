"""The scores of every shipped model are the same, and in the same order, however it is scored."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.scoring.engine import UtteranceScores
from ov_asr_score.scoring.model_loading import configure_model, load_model
from ov_asr_score.scoring.scorer import prepare_scorer
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.scoring.utterances.joining import InputTable, JoinOptions, read_utterances
from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.kaldi import KaldiOptions

ROOT = Path(__file__).parents[2]
SMALL = 1 << 20


@dataclass(frozen=True)
class Shipped:
    """A shipped model and the tables for it."""

    model: str
    tables: tuple[InputTable, ...]
    kaldi: KaldiOptions = field(default_factory=KaldiOptions)
    left_context: int = 0
    right_context: int = 0


def ark(name: str, path: str) -> InputTable:
    return InputTable(name, f"ark:{ROOT / 'data' / path}")


SHIPPED = {
    "dnn_digits": Shipped("dnn_digits.xml", (ark("", "dnn_digits/features.ark"),)),
    "lstm_mem": Shipped("lstm_mem.xml", (ark("", "lstm_mem/features.ark"),)),
    "tdnn_al": Shipped("tdnn_al.xml", (ark("", "tdnn_al/features.ark"),), left_context=6, right_context=6),
    "two_inputs": Shipped(
        "two_inputs.xml",
        (ark("features", "two_inputs/features.ark"), ark("ivector", "two_inputs/ivectors_utterance.ark")),
    ),
    "nnet3_chain_tdnnf": Shipped("nnet3_chain_tdnnf/final.mdl", (ark("input", "kaldi/hires.ark"),)),
    "nnet3_tdnn": Shipped("nnet3_tdnn/final.mdl", (ark("input", "kaldi/hires.ark"),)),
    "nnet1_dnn": Shipped(
        "nnet1_dnn/final.nnet",
        (ark("input", "kaldi/fbank.ark"),),
        KaldiOptions(feature_transform=str(ROOT / "models/nnet1_dnn/final.feature_transform")),
    ),
}
PLANS = {
    "one frame or utterance a request": ScorerOptions(batch_size=1),
    "few": ScorerOptions(batch_size=3),
    "many": ScorerOptions(batch_size=100),
    "one request": ScorerOptions(requests=1),
    "many requests": ScorerOptions(requests=5),
    "one stream": ScorerOptions(device=DeviceSettings(streams=1)),
    "three streams": ScorerOptions(device=DeviceSettings(streams=3)),
    "one thread": ScorerOptions(device=DeviceSettings(threads=1)),
    "little memory": ScorerOptions(memory_limit=SMALL),
    "little memory, one by one": ScorerOptions(memory_limit=SMALL, batch_size=1),
}
FRAMES = {"frame by frame": 0, "ten frames": 10}


def scores_of(shipped: Shipped, options: ScorerOptions) -> list[UtteranceScores]:
    options = replace(
        options,
        model=str(ROOT / "models" / shipped.model),
        left_context=shipped.left_context,
        right_context=shipped.right_context,
        kaldi=replace(shipped.kaldi, time=options.kaldi.time, frames_per_request=options.kaldi.frames_per_request),
    )
    opened = configure_model(load_model(options), options)
    tables = [replace(table, input=table.input or opened.inputs[0].name) for table in shipped.tables]
    utterances = list(read_utterances(tables, JoinOptions()))
    # More utterances, and one longer than the others together.
    more = [replace(each, key=f"{each.key}-again") for each in utterances]
    name = tables[0].input
    joined = np.concatenate([each.features[name] for each in utterances])
    longest = replace(
        utterances[0], key="longest", features={**utterances[0].features, name: joined}, num_frames=len(joined)
    )
    return list(prepare_scorer(opened, options, utterances[0]).score([*utterances, longest, *more]))


@pytest.fixture(scope="module")
def expected() -> dict[str, list[UtteranceScores]]:
    return {name: scores_of(shipped, ScorerOptions()) for name, shipped in SHIPPED.items()}


@pytest.mark.parametrize("plan", [*PLANS, *FRAMES])
@pytest.mark.parametrize("name", SHIPPED)
def test_scores_do_not_depend_on_the_plan(name: str, plan: str, expected: dict[str, list[UtteranceScores]]) -> None:
    shipped = SHIPPED[name]
    if plan in FRAMES and shipped.model.endswith(".xml"):
        pytest.skip("is no Kaldi model that could be converted in another way")
    if plan in FRAMES:
        options = ScorerOptions(kaldi=KaldiOptions(time="frame", frames_per_request=FRAMES[plan]))
    else:
        options = PLANS[plan]
    found = scores_of(shipped, options)
    assert [result.key for result in found] == [result.key for result in expected[name]]
    for result, wanted in zip(found, expected[name], strict=True):
        for output, matrix in wanted.scores.items():
            assert result.scores[output].shape == matrix.shape
            # In other places of a request products are summed in another order.
            assert np.abs(result.scores[output] - matrix).max() <= 1e-5 * max(1.0, float(np.abs(matrix).max()))
