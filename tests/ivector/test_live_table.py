"""Rows of tables of i-vectors while features come: the bits of whole tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.errors import UsageError
from ov_asr_score.ivector.adaptation_state import encode_state
from ov_asr_score.ivector.extraction import extract_ivectors
from ov_asr_score.ivector.live_table import LiveIvectorTable
from tests.ivector.references import extractor, table, utterances

Rows = NDArray[np.float32]


def in_pieces(live: LiveIvectorTable, features: Rows, seed: int) -> Rows:
    def made() -> Iterator[Rows]:
        random = np.random.default_rng(seed)
        for piece in np.split(features, np.sort(random.integers(0, len(features), random.integers(0, 40)))):
            yield live.accept(piece)
        yield live.finish()

    return np.concatenate(list(made()))


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("repeat", "options"), [(None, {}), (True, {}), (None, {"ivector_period": 7, "max_remembered_frames": 100.0})]
)
def test_rows_and_states_are_those_of_tables(repeat: bool | None, options: dict[str, Any], seed: int) -> None:
    used = extractor(repeat, **options)
    assert used.options.use_most_recent_ivector
    live = LiveIvectorTable(used)
    for expected in extract_ivectors(used, utterances("spk2utt_five"), keep_states=True):
        np.testing.assert_array_equal(in_pieces(live, table("feats.ark")[expected.key], seed), expected.ivectors)
        assert expected.state is not None
        assert encode_state(live.state()) == encode_state(expected.state)
        live.restore(live.state())
    live.restore()
    first = next(iter(extract_ivectors(used, utterances("spk2utt_five"))))
    np.testing.assert_array_equal(in_pieces(live, table("feats.ark")[first.key], seed), first.ivectors)


def test_rows_are_given_with_the_context_of_their_frame() -> None:
    live = LiveIvectorTable(extractor())
    features = table("feats.ark")["es_Annie-t0024"]
    assert [len(live.accept(features[frame : frame + 1])) for frame in range(15)] == [0, 0, 0, 1, *[0] * 9, 1, 0]
    assert live.frames_ready == 12
    assert len(live.finish()) == 0 and live.frames_ready == 15


def test_what_has_no_rows_before_the_end() -> None:
    with pytest.raises(UsageError, match="greedy_ivector_extractor: every row of its table is the last i-vector"):
        LiveIvectorTable(extractor(greedy_ivector_extractor=True))
