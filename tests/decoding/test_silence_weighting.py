from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.decoding.silence_weighting import SilenceWeighting
from ov_asr_score.decoding.token_passing.utterance_search import UtteranceSearch
from ov_asr_score.settings.recognition.silence_weighting import SilenceWeightingOptions
from ov_asr_score.settings.words.decoding import DecodingOptions
from tests.decoding.kaldi_live_searches import SILENCE_PHONES, is_silence, joined_scores, steps, whole_graph


def test_weights_of_kaldi() -> None:
    # scores times 0.1, whose paths change often; 2 and 3 rows by turns
    options = DecodingOptions(beam=15.0, max_active=7000, decoding_scale=0.1)
    search = UtteranceSearch(whole_graph(), options)
    weights = SilenceWeighting(is_silence(), SilenceWeightingOptions(SILENCE_PHONES, 0.001), 3)
    values, sums = joined_scores(), np.zeros(3 * len(joined_scores()) + 100)
    for step in steps("weights"):
        weights.update(search)
        deltas = weights.delta_weights(step.frames_ready)
        assert [frame for frame, _ in deltas] == [frame for frame, _ in step.weights]
        assert [delta for _, delta in deltas] == pytest.approx([delta for _, delta in step.weights], rel=1e-5)
        for frame, delta in deltas:
            sums[frame] += delta
        search.advance(values[search.num_frames : step.rows])
    assert sums[: step.frames_ready].min() == pytest.approx(0.001, abs=1e-6)
    assert sums.max() == pytest.approx(1.0, abs=1e-6)


def test_before_the_search_knows_anything() -> None:
    weights = SilenceWeighting(is_silence(), SilenceWeightingOptions(SILENCE_PHONES, 0.25), 3)
    assert weights.delta_weights(0) == []
    # four frames are two rows, and every row has three frames
    assert weights.delta_weights(4) == [(frame, 0.25) for frame in range(6)]
    # nothing new: the last row tells how far weights are known
    assert weights.delta_weights(5) == [(3, 0.0), (4, 0.0), (5, 0.0)]
    later = SilenceWeighting(is_silence(), SilenceWeightingOptions(SILENCE_PHONES, 0.25), 3)
    assert later.delta_weights(31, 30) == [(30, 0.25), (31, 0.25), (32, 0.25)]
    assert SilenceWeighting(is_silence(), SilenceWeightingOptions(), 1).delta_weights(30, 30) == []


def test_rows_without_silence() -> None:
    search = UtteranceSearch(whole_graph(), DecodingOptions(beam=15.0, decoding_scale=1.0))
    search.advance(np.tile(joined_scores(), (2, 1)))
    weights = SilenceWeighting(is_silence(), SilenceWeightingOptions(SILENCE_PHONES, 0.25), 1)
    weights.update(search)
    spoken = np.flatnonzero(~is_silence()[search.transition_ids()])
    newest = search.num_frames - 500
    assert weights.nonsilence_rows(search.num_frames + 5).tolist() == spoken[spoken >= newest].tolist()
