from __future__ import annotations

from dataclasses import replace

import pytest

from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.job.run.model_facts import conversion_summary, model_facts

FACTS = ConversionFacts("utterance", "final.mdl", "", 3, left_context=29, right_context=28)


@pytest.mark.parametrize(
    ("facts", "summary"),
    [
        (FACTS, "Kaldi nnet3, contexts 29 and 28 frames, whole utterances"),
        (
            replace(FACTS, time="chunk", frames_per_chunk=51, frame_subsampling_factor=3, options="--apply-exp=true"),
            "Kaldi nnet3, contexts 29 and 28 frames, a row of scores for every 3 frames, chunks of 51 frames; "
            "made with --apply-exp=true",
        ),
        (
            replace(FACTS, time="frame", frames_per_request=1, delay=57),
            "Kaldi nnet3, contexts 29 and 28 frames, 1 frame per request, scores 57 frames late",
        ),
        (
            replace(FACTS, time="frame", frames_per_request=8, delay=57),
            "Kaldi nnet3, contexts 29 and 28 frames, 8 frames per request, scores 57 frames late",
        ),
    ],
)
def test_one_line_says_how_a_model_is_fed(facts: ConversionFacts, summary: str) -> None:
    assert conversion_summary(facts) == summary


def test_facts_of_a_report(tiny_model: str) -> None:
    assert model_facts(tiny_model, "ir", None, from_cache=False) == {"path": tiny_model, "kind": "OpenVINO IR"}
    told = model_facts(tiny_model, "ir", replace(FACTS, ivector_inputs="ivector,other"), from_cache=True)
    assert told["kind"] == "OpenVINO IR, converted from a Kaldi nnet3 model"
    conversion = told["conversion"]
    assert isinstance(conversion, dict)
    assert (conversion["from_cache"], conversion["ivector_inputs"]) == (True, ["ivector", "other"])
