"""Pairs of states by the names that exporters give them."""

from __future__ import annotations

import pytest

from ov_asr_score.ov_model.filled_inputs.state_names import could_pair, find_states, names_pair
from ov_asr_score.ports import PortInfo


def port(name: str, *shape: int | None, kind: str = "f32", names: tuple[str, ...] = ()) -> PortInfo:
    return PortInfo(name, name, 0, names or (name,), shape, kind, "")


@pytest.mark.parametrize(
    ("name", "output"),
    [
        ("h0", "hn"),
        ("c0", "cn"),
        ("h_0", "h_n"),
        ("hx", "hy"),
        ("h_in", "h_out"),
        ("hiddenIn", "hiddenOut"),
        ("hidden_in.1", "hidden_out.1"),
        ("state", "new_state"),
        ("state", "next_state"),
        ("state", "state_out"),
        ("state_in", "state"),
        ("prev_state", "state"),
        ("input_states", "output_states"),
        ("att_cache", "r_att_cache"),  # wenet
        ("cnn_cache", "r_cnn_cache"),
        ("in_cache0", "out_cache_0"),  # FunASR
        ("cached_len_0", "new_cached_len_0"),  # icefall
        ("processed_lens", "new_processed_lens"),
        ("embed_states", "new_embed_states"),
        ("x_1", "new_x_1"),
        ("cache_last_channel", "cache_last_channel_next"),  # NeMo
        ("cache_last_channel_len", "cache_last_channel_next_len"),
        ("past_key_values.0.key", "present.0.key"),  # transformers
    ],
)
def test_names_of_states(name: str, output: str) -> None:
    assert names_pair(name, output)


@pytest.mark.parametrize(
    ("name", "output"),
    [
        ("x", "x_out"),
        ("input", "output"),
        ("in", "out"),
        ("audio", "audio_out"),
        ("x", "new"),
        ("chunk", "output"),
        ("h0", "cn"),
        ("h0", "h1"),
        ("h_1", "hn_2"),
        ("att_cache", "r_cnn_cache"),
        ("cached_len_0", "new_cached_len_1"),
        ("cached_len_0", "new_cached_avg_0"),
        ("hidden_in.1", "hidden_out.2"),
        ("cache_last_channel", "cache_last_channel_next_len"),
        ("states", "scores"),
    ],
)
def test_other_names(name: str, output: str) -> None:
    assert not names_pair(name, output)


def test_shapes_and_types_have_to_agree() -> None:
    state = port("h0", 1, None, 5)
    assert could_pair(state, port("hn", 1, 1, 5))
    assert could_pair(state, port("hn", None, None, 5))
    assert not could_pair(state, port("hn", 1, None, 6))
    assert not could_pair(state, port("hn", 1, None))
    assert not could_pair(state, port("hn", 1, None, 5, kind="i64"))
    assert not find_states([port("x", None, 4), state], [port("hn", 2, None, 5)])


def test_every_state_has_one_output_and_every_output_one_state() -> None:
    inputs = [port("x", None, 4), port("h0", 1, 5), port("c0", 1, 5)]
    outputs = [port("y", None, 3), port("cn", 1, 5), port("hn", 1, 5)]
    assert [(a.name, b.name) for a, b in find_states(inputs, outputs)] == [("h0", "hn"), ("c0", "cn")]
    assert find_states([port("x", 1, 4), port("h", 1, 5)], [port("new_h", 1, 5), port("next_h", 1, 5)]) == []
    assert find_states([port("x", 1, 4), port("h_in", 1, 5), port("h", 1, 5)], [port("h_out", 1, 5)]) == []


def test_any_name_of_a_port_counts() -> None:
    pairs = find_states([port("x", 1, 4), port("h0", 1, 5)], [port("12", 1, 5, names=("12", "hn"))])
    assert [(a.name, b.name) for a, b in pairs] == [("h0", "12")]


def test_features_that_come_first_are_no_state() -> None:
    """Nothing but the place of an input tells features from a state that has no word of states in its name."""
    inputs, outputs = [port("x", 1, 4), port("u", 1, 4)], [port("new_x", 1, 4), port("scores", 1, 4)]
    assert find_states(inputs, outputs) == []
    assert [a.name for a, _ in find_states(inputs[::-1], outputs)] == ["x"]
