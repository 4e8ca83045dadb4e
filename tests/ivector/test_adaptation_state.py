"""The state between utterances against Kaldi's own, and its text and binary forms."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import OvAsrScoreError, ShapeMismatchError, TableFormatError
from ov_asr_score.ivector.adaptation_state import (
    AdaptationState,
    check_state,
    encode_state,
    first_state,
    limited,
    load_state,
    write_state,
)
from ov_asr_score.ivector.extraction import extract_ivectors
from tests.ivector.references import KALDI, extractor, utterances

FILES = sorted((KALDI / "state").rglob("*.state.txt"))


@pytest.mark.parametrize("limit", [1000.0, 100.0])
def test_states_are_those_of_kaldi(limit: float) -> None:
    """After each utterance of a speaker: statistics of CMVN, and of i-vectors."""
    folder = KALDI / "state" if limit == 1000 else KALDI / "state" / "max-remembered-frames=100"
    results = extract_ivectors(extractor(max_remembered_frames=limit), utterances("spk2utt_two"), keep_states=True)
    found = {each.key: each.state for each in results}
    files = sorted(folder.glob("*.state.txt"))
    assert len(files) == (16 if limit == 1000 else 9)
    for path in files:
        expected, state = load_state(str(path), extractor()), found[path.name.split(".")[2]]
        assert state is not None and expected.cmvn.speaker is not None and state.cmvn.speaker is not None
        np.testing.assert_allclose(state.cmvn.speaker, expected.cmvn.speaker, rtol=1e-9, atol=1e-6)
        assert np.array_equal(np.asarray(state.cmvn.global_stats), np.asarray(expected.cmvn.global_stats))
        assert state.stats.prior_offset == expected.stats.prior_offset
        assert state.stats.count == pytest.approx(expected.stats.count, rel=1e-6)
        for name in ("quadratic", "linear"):
            array, other = getattr(state.stats, name), getattr(expected.stats, name)
            np.testing.assert_allclose(array, other, atol=2e-5 * np.abs(other).max())


def same(first: AdaptationState, second: AdaptationState) -> bool:
    pairs = [
        (first.cmvn.speaker, second.cmvn.speaker),
        (first.cmvn.global_stats, second.cmvn.global_stats),
        (first.stats.quadratic, second.stats.quadratic),
        (first.stats.linear, second.stats.linear),
    ]
    numbers = [(each.stats.count, each.stats.max_count, each.stats.prior_offset) for each in (first, second)]
    equal = [one is other if one is None or other is None else np.array_equal(one, other) for one, other in pairs]
    return all(equal) and numbers[0] == numbers[1]


@pytest.mark.parametrize("text", [False, True])
def test_written_states_are_read_again(text: bool, tmp_path: Path) -> None:
    path = str(tmp_path / "state")
    for state in (first_state(extractor()), load_state(str(FILES[0]), extractor())):
        write_state(path, state, text=text)
        assert same(load_state(path, extractor()), state)
    assert Path(path).read_bytes().startswith(b"<OnlineIv" if text else b"\0B<OnlineIv")


def test_text_is_that_of_kaldi() -> None:
    """But for the digits of numbers, of which ours are as many as tell the same number again."""
    content = FILES[0].read_bytes()
    ours = encode_state(load_state(str(FILES[0]), extractor()), text=True)
    assert len(ours.split()) == len(content.split())
    for mine, theirs in zip(ours.split(), content.split(), strict=True):
        assert mine == theirs or float(mine) == float(theirs)


def test_old_states_have_no_maximum(tmp_path: Path) -> None:
    content = FILES[0].read_bytes()
    assert b"<MaxCount> 0 " in content
    (tmp_path / "old").write_bytes(content.replace(b"<MaxCount> 0 ", b""))
    assert load_state(str(tmp_path / "old"), extractor()).stats.max_count == 0


def test_frames_are_limited() -> None:
    state = load_state(str(KALDI / "state" / "es_Annie.1.es_Annie-n0015.state.txt"), extractor())
    assert state.cmvn.speaker is not None
    half = limited(state, 60.5, 0.1)
    assert half.cmvn.speaker is not None
    np.testing.assert_allclose(half.cmvn.speaker, state.cmvn.speaker / 2)
    assert half.stats.count == pytest.approx(6.05) and state.stats.count > 10
    none = limited(state, 0, 0.1)
    prior = first_state(extractor()).stats
    np.testing.assert_allclose(none.stats.quadratic, prior.quadratic, atol=1e-12)
    np.testing.assert_allclose(none.stats.linear, prior.linear, atol=1e-12)
    assert same(limited(state, 1e6, 0.1), state)
    assert limited(state, 1e6, 0.1).stats.linear is not state.stats.linear


def test_states_of_others_are_refused() -> None:
    state = first_state(extractor())
    wide = replace(state.cmvn, speaker=np.ones((2, 14)))
    with pytest.raises(ShapeMismatchError, match=r"x: expected statistics of 40 columns, as .* has, found 13"):
        check_state(replace(state, cmvn=wide), extractor(), "x")
    with pytest.raises(TableFormatError, match=r"x: expected statistics that are finite, found \[0, 0\] is NaN"):
        check_state(replace(state, cmvn=replace(state.cmvn, speaker=np.full((2, 41), np.nan))), extractor(), "x")
    with pytest.raises(TableFormatError, match=r"x: expected CMVN that goes on, found CMVN that was frozen"):
        check_state(replace(state, cmvn=replace(state.cmvn, frozen=np.ones((2, 41)))), extractor(), "x")
    longer = replace(state.stats, linear=np.zeros(30))
    with pytest.raises(ShapeMismatchError, match=r"x: expected i-vectors of 24 elements, as .* has, found 30"):
        check_state(replace(state, stats=longer), extractor(), "x")
    with pytest.raises(TableFormatError, match=r"x: expected statistics that are finite, found .* is inf"):
        check_state(replace(state, stats=replace(state.stats, count=np.inf)), extractor(), "x")


@pytest.mark.parametrize("text", [False, True])
def test_cuts_and_flips(text: bool, tmp_path: Path) -> None:
    content = encode_state(load_state(str(FILES[0]), extractor()), text=text)
    path = tmp_path / "state"
    for cut in range(0, len(content) - 2, 61):
        path.write_bytes(content[:cut])
        with pytest.raises(OvAsrScoreError, match=r"state: .*at byte \d+: expected .*, found "):
            load_state(str(path), extractor())
    for place in range(0, len(content), 37):
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(bytes(damaged))
        try:
            load_state(str(path), extractor())
        except OvAsrScoreError as error:
            assert "\n" not in str(error) and str(path) in str(error)


def test_terms_of_other_sizes(tmp_path: Path) -> None:
    content = encode_state(first_state(extractor()), text=True).replace(b"<LinearTerm>  [ ", b"<LinearTerm>  [ 1 ")
    (tmp_path / "state").write_bytes(content)
    with pytest.raises(OvAsrScoreError, match="expected 24 numbers, as the quadratic term has rows, found 25"):
        load_state(str(tmp_path / "state"), extractor())
