"""Small networks in chunks against Kaldi's looped computation, and the same chunks in other requests."""

from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.scoring.looped.compiling import compile_looped
from ov_asr_score.scoring.looped.utterance import FloatMatrix
from ov_asr_score.settings.recognition.live import LoopedOptions
from tests.scoring.looped.kaldi_runs import STORED, golden_model, score_alone, score_together

# What nnet3-latgen-faster-looped computes of these is that of the whole utterance.
SAME_AS_WHOLE = (
    *("fast_lstm", "fast_lstm_projected", "gru_nonlinearity", "gru_delay", "opgru_delay", "lstm_of_parts_projected"),
    *("rnn_past_3", "rnn_inside_rnn", "rnn_two_nodes", "rnn_with_context", "loop_rounded", "running_sum"),
    *("old_constant", "tdnn", "tdnn_in_loop", "switch_offsets", "norms_in_loop"),
)
# Chunk, factor and extra frames before the utterance; period of the i-vectors.
LOOPED = {
    "loop_with_ivector": (LoopedOptions(5), 0),
    "online_ivectors": (LoopedOptions(4, 2, 3), 4),
    "priors": (LoopedOptions(7), 0),
    "lstm_nonlinearity": (LoopedOptions(5, 4), 0),
    # Of what is read where it is there, each chunk has what comes up to its right context.
    **dict.fromkeys(
        ("statistics", "statistics_every_second", "attention_required", "if_defined_append", "time_height_required"),
        (LoopedOptions(6, 0, 3), 0),
    ),
}


def table(name: str, file: str) -> dict[str, FloatMatrix]:
    return dict(read_table(f"ark:{golden_model(name).parent / file}"))


@pytest.mark.parametrize("name", SAME_AS_WHOLE)
def test_scores_are_those_of_the_whole_utterance(name: str) -> None:
    features, expected = table(name, "input.ark"), table(name, "output.ark")
    model = compile_looped(golden_model(name), options=LoopedOptions(5), large_step=2)
    for most_chunks in (1, 3):  # of which 2 go together
        scores = score_together(model, features, most_chunks=most_chunks)
        for key, rows in expected.items():
            np.testing.assert_allclose(scores[key], rows, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", LOOPED)
def test_scores_are_those_of_looped_computation(name: str) -> None:
    options, period = LOOPED[name]
    features, expected = table(name, "input.ark"), dict(read_table(f"ark:{STORED / name}.ark"))
    ivectors = table(name, "ivector.ark") if "ivector" in name else {}
    model = compile_looped(golden_model(name), options=options, large_step=2)
    assert (model.ivector_dim is None) == (not ivectors)
    for key, rows in expected.items():
        own: list[FloatMatrix] = []
        if ivectors:
            chunks = -(-len(rows) // model.shape.rows_per_chunk)
            ends = (np.arange(1, chunks + 1) * model.frames_per_chunk + model.right_context) // max(period, 1)
            own = [
                ivectors[key][min(int(end), len(ivectors[key]) - 1)] if period else ivectors[key].reshape(-1)
                for end in ends
            ]
        np.testing.assert_allclose(score_alone(model, features[key], own), rows, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bidirectional", "'backward.affine' depends on all later frames"),
        ("if_defined_failover", "cannot be scored"),
        ("fast_blstm", "'backward.nonlin' depends on all later frames"),
    ],
)
def test_networks_that_have_no_chunks_are_refused_in_one_line(name: str, text: str) -> None:
    with pytest.raises(UnsupportedModelError, match=text) as caught:
        compile_looped(golden_model(name), options=LoopedOptions(6))
    assert "\n" not in str(caught.value) and "time=frame" not in str(caught.value)
