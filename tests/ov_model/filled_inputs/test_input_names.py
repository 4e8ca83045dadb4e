"""Inputs whose names say what they hold."""

from __future__ import annotations

import pytest

from ov_asr_score.ov_model.filled_inputs.input_names import holds_length, holds_mask, holds_position
from tests.ov_model.filled_inputs.test_state_names import port


@pytest.mark.parametrize(
    "name",
    [
        *("length", "lengths", "len", "ilens", "xlens", "x_lens", "feat_len", "feature_lengths", "input_length"),
        *("seq_len", "seqlen", "num_frames", "speech_lengths", "audio_signal_length", "inputLengths", "feats_lens:0"),
    ],
)
@pytest.mark.parametrize("shape", [(), (None,), (1,), (None, 1)])
def test_lengths(name: str, shape: tuple[int | None, ...]) -> None:
    assert holds_length(port(name, *shape, kind="i64"))
    assert holds_length(port(name, *shape, kind="i32"))
    assert not holds_length(port(name, *shape, kind="f32"))


@pytest.mark.parametrize(
    "name",
    [
        *(
            "processed_lens",
            "cached_len",
            "cache_last_channel_len",
            "text_lengths",
            "target_length",
            "speaker_id",
            "task",
        ),
        *("max_len", "hop_length", "y_lens", "lang", "offset", "required_cache_size", "chunk_len", "frames_left"),
    ],
)
def test_what_is_no_length(name: str) -> None:
    assert not holds_length(port(name, None, kind="i64"))


def test_a_length_may_be_called_by_the_features() -> None:
    assert not holds_length(port("tokens_len", None, kind="i64"))
    assert holds_length(port("mfcc_len", None, kind="i64"), "mfcc")
    assert not holds_length(port("x_lens", None, 4, kind="i64"))


def test_masks() -> None:
    assert holds_mask(port("mask", None, None))
    assert holds_mask(port("feats_mask", 1, 1, None, kind="boolean"))
    assert holds_mask(port("xMask", None, None, 1, kind="i64"))
    assert not holds_mask(port("key_padding_mask", None, None, kind="boolean"))
    assert not holds_mask(port("padmask", None, None))
    assert not holds_mask(port("mask", None, None, None))
    assert not holds_mask(port("mask", 2, None))
    assert not holds_mask(port("masking_level", None, None))


def test_positions() -> None:
    assert holds_position(port("offset", kind="i64"))
    assert holds_position(port("offset", 1, kind="i32"))
    assert not holds_position(port("offset", kind="f32"))
    assert not holds_position(port("speaker_offset", kind="i64"))
