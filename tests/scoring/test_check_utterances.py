from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.errors import OvAsrScoreError, ShapeMismatchError
from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.axes.known_axes import KnownAxes
from ov_asr_score.scoring.check_utterances import check_widths, read_until_fit
from ov_asr_score.scoring.input_fit import fit_inputs
from ov_asr_score.scoring.utterances.joining import Utterance

FIXED = PortInfo("feats", "feats", 0, ("feats",), (1, 4), "f32", "")
FREE = PortInfo("feats", "feats", 0, ("feats",), (None, None), "f32", "")
SPECIFIERS = {"feats": "feats.ark"}


def utterance(key: str, frames: int, width: int) -> Utterance:
    return Utterance(key, {"feats": np.zeros((frames, width), np.float32)}, frames)


class Skips:
    """Collects what is skipped."""

    def __init__(self) -> None:
        self.messages: dict[str, str] = {}

    def __call__(self, key: str, error: OvAsrScoreError) -> None:
        self.messages[key] = str(error)


def test_the_model_is_prepared_for_the_first_that_has_frames_and_fits() -> None:
    source = iter(
        [utterance("none", 0, 0), utterance("narrow", 2, 3), utterance("good", 2, 4), utterance("more", 2, 4)]
    )
    skips = Skips()
    read, first = read_until_fit(source, [FIXED], KnownAxes(), SPECIFIERS, skips)
    assert [each.key for each in read] == ["none", "good"]
    assert first is read[1]
    assert next(source).key == "more"
    assert skips.messages == {
        "narrow": "feats.ark: utterance 'narrow': input 'feats' [1,4]: expected 4 values per frame, features have 3"
    }


def test_there_may_be_none() -> None:
    assert read_until_fit(iter([]), [FIXED], KnownAxes(), SPECIFIERS, None) == ([], None)
    only = utterance("none", 0, 0)
    assert read_until_fit(iter([only]), [FIXED], KnownAxes(), SPECIFIERS, None) == ([only], None)


def test_a_misfit_stops_unless_it_is_skipped() -> None:
    with pytest.raises(ShapeMismatchError, match=r"^feats.ark: utterance 'narrow': "):
        read_until_fit(iter([utterance("narrow", 1, 3)]), [FIXED], KnownAxes(), SPECIFIERS, None)


def test_later_utterances_are_as_wide_as_the_first() -> None:
    first = utterance("first", 2, 5)
    fits = fit_inputs([FREE], first)
    rest = [first, utterance("none", 0, 0), utterance("wide", 1, 6), utterance("last", 1, 5)]
    skips = Skips()
    assert [each.key for each in check_widths(rest, fits, SPECIFIERS, skips)] == ["first", "none", "last"]
    assert "feats.ark: utterance 'wide'" in skips.messages["wide"]
    assert "expected 5 values per frame, features have 6" in skips.messages["wide"]
    with pytest.raises(ShapeMismatchError, match="'wide'"):
        list(check_widths(rest, fits, SPECIFIERS, None))
