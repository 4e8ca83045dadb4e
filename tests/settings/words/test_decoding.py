from __future__ import annotations

import math

import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.words.decoding import (
    NOT_WITH_LATTICES,
    ONLY_WITH_LATTICES,
    DecodingOptions,
    acoustic_scale_of,
    check_decoding,
    seconds_allowed,
)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (DecodingOptions(beam=0.0), "beam: expected a number above 0, found 0"),
        (DecodingOptions(beam=math.nan), "beam: expected a number above 0, found nan"),
        (DecodingOptions(beam_delta=0.0), "beam_delta: expected a number above 0, found 0"),
        (DecodingOptions(word_insertion_penalty=math.inf), "word_insertion_penalty: expected a finite number"),
        (DecodingOptions(decoding_scale=math.nan), "decoding_scale: expected a finite number from 0, found nan"),
        (DecodingOptions(decoding_scale=-1.0), "decoding_scale: expected a finite number from 0, found -1"),
        (DecodingOptions(max_active=20, min_active=21), r"min_active: expected at most max_active \(20\), found 21"),
    ],
)
def test_values_that_no_search_can_have(options: DecodingOptions, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        check_decoding(options, wants_lattices=False)
    assert caught.value.fields[0] == message.partition(":")[0]


@pytest.mark.parametrize("name", [*NOT_WITH_LATTICES, *ONLY_WITH_LATTICES])
def test_options_of_the_other_kind_of_search(name: str) -> None:
    options = DecodingOptions(**{name: 3})  # type: ignore[arg-type]
    for_lattices = name in ONLY_WITH_LATTICES
    check_decoding(options, wants_lattices=for_lattices)
    with pytest.raises(UsageError, match=f"{name}: ") as caught:
        check_decoding(options, wants_lattices=not for_lattices)
    assert caught.value.fields == (name,)


def test_options_that_kaldi_takes() -> None:
    for options in (DecodingOptions(), DecodingOptions(max_active=200, min_active=200), DecodingOptions(max_active=20)):
        check_decoding(options, wants_lattices=False)


def test_acoustic_scale_of_a_kind_of_model() -> None:
    assert acoustic_scale_of(DecodingOptions(), is_chain=True) == 1.0
    assert acoustic_scale_of(DecodingOptions(), is_chain=False) == 0.1
    assert acoustic_scale_of(DecodingOptions(decoding_scale=0.0), is_chain=True) == 0.0


def test_seconds_grow_with_the_utterance() -> None:
    assert seconds_allowed(DecodingOptions(), 1000) == pytest.approx(160)
    assert seconds_allowed(DecodingOptions(decoding_seconds=2.0), 1000) == 2.0
