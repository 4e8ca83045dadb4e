from __future__ import annotations

import math

from ov_asr_score.settings.recognition.endpointing import (
    EndpointOptions,
    EndpointRule,
    EndpointSettings,
    endpoint_options,
)


def test_defaults_of_kaldi() -> None:
    # --help of online2-wav-nnet3-latgen-faster
    assert EndpointOptions().rules == (
        EndpointRule(False, 5.0, math.inf, 0.0),
        EndpointRule(True, 0.5, 2.0, 0.0),
        EndpointRule(True, 1.0, 8.0, 0.0),
        EndpointRule(True, 2.0, math.inf, 0.0),
        EndpointRule(False, 0.0, math.inf, 20.0),
    )


def test_what_is_asked_for_counts_more_than_the_model_directory() -> None:
    base = EndpointOptions((1, 2), rule2=EndpointRule(True, 0.7, 3.0, 0.1))
    assert endpoint_options(EndpointSettings(), base) == base
    settings = EndpointSettings(
        endpoint_silence_phones=(4,),
        endpoint_rule1_must_contain_nonsilence=True,
        endpoint_rule2_min_trailing_silence=0.25,
        endpoint_rule3_max_relative_cost=9.0,
        endpoint_rule5_min_utterance_length=3.0,
    )
    assert endpoint_options(settings, base) == EndpointOptions(
        (4,),
        EndpointRule(True, 5.0, math.inf, 0.0),
        EndpointRule(True, 0.25, 3.0, 0.1),
        EndpointRule(True, 1.0, 9.0, 0.0),
        EndpointRule(True, 2.0, math.inf, 0.0),
        EndpointRule(False, 0.0, math.inf, 3.0),
    )
