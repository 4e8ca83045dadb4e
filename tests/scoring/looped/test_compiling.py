"""Looped models from files: what they are, what is refused, and many utterances in one request."""

from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.errors import UnsupportedModelError, UsageError
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.scoring.looped.compiling import compile_looped
from ov_asr_score.scoring.looped.utterance import FloatMatrix
from ov_asr_score.settings.kaldi import KaldiOptions
from ov_asr_score.settings.recognition.live import LoopedOptions
from tests.places import ROOT
from tests.scoring.looped.kaldi_runs import CHAIN, score_alone, score_together

TDNNF = ROOT / "models" / "nnet3_chain_tdnnf" / "final.mdl"


def features() -> dict[str, FloatMatrix]:
    return dict(read_table(f"ark:{ROOT / 'data' / 'kaldi' / 'hires.ark'}"))


@pytest.mark.parametrize("most_chunks", [1, 100])
def test_scores_of_many_utterances_are_those_of_each_alone(most_chunks: int) -> None:
    """The model has no i-vectors, and a context that is there: Kaldi's scores of whole utterances are the same."""
    model = compile_looped(TDNNF, large_step=3)
    assert model.ivector_dim is None
    together = score_together(model, features(), most_chunks=most_chunks)
    used = model.counters
    assert used.infer_requests < used.steps / 4
    for key, expected in read_table(f"ark:{ROOT / 'data' / 'kaldi' / 'nnet3_chain_tdnnf.ark'}"):
        np.testing.assert_allclose(together[key], score_alone(model, features()[key]), atol=1e-5)
        np.testing.assert_allclose(together[key], expected, atol=1e-4)


def test_chunks_are_rounded_up_and_of_any_size() -> None:
    model = compile_looped(CHAIN, options=LoopedOptions(frames_per_chunk=7))
    assert (model.frames_per_chunk, model.subsampling) == (9, 3)
    odd = compile_looped(CHAIN, options=LoopedOptions(frames_per_chunk=7, frame_subsampling_factor=1))
    assert (odd.frames_per_chunk, odd.shape.rows_per_chunk) == (7, 7)


def test_scores_depend_on_the_chunk_only_through_the_ivector() -> None:
    vector, name = np.linspace(-1, 1, 24, dtype=np.float32), "es_Annie-t0024"
    rows = features()[name]
    scores = []
    for frames in (6, 24, 51):
        model = compile_looped(CHAIN, options=LoopedOptions(frames))
        scores.append(score_together(model, {name: rows}, lambda key, utterance: vector)[name])
    np.testing.assert_allclose(scores[0], scores[1], atol=1e-4)
    np.testing.assert_allclose(scores[0], scores[2], atol=1e-4)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (LoopedOptions(frames_per_chunk=0), "frames_per_chunk=0: expected 1"),
        (LoopedOptions(extra_left_context_initial=-1), "extra_left_context_initial=-1: expected 0"),
        (LoopedOptions(frame_subsampling_factor=2000), "frame_subsampling_factor=2000: expected 1"),
    ],
)
def test_options_out_of_range(options: LoopedOptions, text: str) -> None:
    with pytest.raises(UsageError, match=text):
        compile_looped(CHAIN, options=options)


def test_models_of_other_kinds_are_refused() -> None:
    with pytest.raises(UsageError, match="expected a Kaldi model to be computed in chunks, found onnx"):
        compile_looped(ROOT / "models" / "conv_ctc.onnx")
    nnet1 = next((ROOT / "models" / "nnet1_dnn").glob("*.nnet"))
    with pytest.raises(UnsupportedModelError, match="is a network of nnet1; expected one of nnet3"):
        compile_looped(nnet1)
    vectors = ROOT / "tests" / "golden" / "xvectors" / "every_third_frame" / "model.raw"
    with pytest.raises(UnsupportedModelError, match="one vector per utterance"):
        compile_looped(vectors, kaldi=KaldiOptions(scores_per="utterance"))
