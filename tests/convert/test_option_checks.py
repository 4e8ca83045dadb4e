"""Options of Kaldi's programs: what goes with which generation, and what does not go together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score.convert.from_file import convert_file
from ov_asr_score.convert.option_checks import check_kind, check_options
from ov_asr_score.convert.rt_info import read_facts
from ov_asr_score.errors import UsageError
from ov_asr_score.kaldi_model.network import Generation, InputNode, KaldiNetwork
from ov_asr_score.settings.kaldi import KaldiOptions
from tests.kaldi_texts import acoustic_nnet3, spliced_nnet3, write_model


def network(generation: Generation) -> KaldiNetwork:
    return KaldiNetwork(generation, (InputNode("input", 4),), {}, "final.mdl")


def check(generation: Generation, options: dict[str, Any], *, gives_vector: bool = False) -> None:
    check_options(network(generation), KaldiOptions(**options))
    if generation == 3:
        check_kind(network(generation), KaldiOptions(**options), gives_vector=gives_vector)


ALL: tuple[Generation, ...] = (1, 2, 3)


@pytest.mark.parametrize(
    ("options", "generations"),
    [
        ({}, (1, 2, 3)),
        ({"acoustic_scale": 0.1}, (1, 2, 3)),
        ({"apply_exp": True}, (1, 2, 3)),
        ({"output_name": "output-xent"}, (1, 2, 3)),
        ({"time": "frame"}, (1, 2, 3)),
        ({"time": "frame", "frames_per_request": 8}, (1, 2, 3)),
        ({"class_frame_counts": "counts", "prior_scale": 0.5, "prior_floor": 0.1}, (1, 3)),
        ({"class_frame_counts": "counts", "apply_log": True}, (1, 2)),
        ({"feature_transform": "transform"}, (1,)),
        ({"no_softmax": True}, (1,)),
        ({"apply_log": True}, (1, 2)),
        ({"log_softmax": True}, (1, 2, 3)),
        ({"log_softmax": True, "class_frame_counts": "counts"}, (1, 2, 3)),
        ({"log_softmax": True, "no_softmax": True}, (1,)),
        ({"divide_by_priors": True}, (2,)),
        ({"divide_by_priors": True, "apply_log": True}, (2,)),
        ({"pad_input": False}, (2,)),
        ({"scores_per": "frame"}, (3,)),
        ({"chunk_size": 50}, (2,)),
        ({"chunk_size": -1, "pad_input": False}, (2,)),
        ({"frames_per_chunk": 50}, (2, 3)),
        ({"use_priors": True}, (3,)),
        ({"use_priors": True, "apply_log": True}, (2,)),
        ({"use_priors": True, "prior_scale": 0.5}, (3,)),
        ({"frame_subsampling_factor": 3}, (3,)),
        ({"extra_left_context": 4}, (3,)),
        ({"extra_right_context": 4}, (3,)),
        ({"extra_left_context_initial": 0}, (3,)),
        ({"extra_right_context_final": 0}, (3,)),
        ({"frames_per_chunk": 50, "batch_compute": True}, (3,)),
        ({"frames_per_chunk": 20_000, "batch_compute": True, "extra_left_context": 20_000}, (3,)),
        ({"frames_per_chunk": 1_000_000}, (2, 3)),
        ({"frames_per_chunk": 50, "batch_compute": True, "ensure_exact_final_context": True}, (3,)),
    ],
)
def test_which_models_know_which_options(options: dict[str, Any], generations: tuple[Generation, ...]) -> None:
    taken = []
    for generation in ALL:
        try:
            check(generation, options)
        except UsageError as error:
            assert str(error).startswith(error.fields[0])
            assert "\n" not in str(error)
        else:
            taken.append(generation)
    assert tuple(taken) == generations


@pytest.mark.parametrize(
    ("generation", "options", "message"),
    [
        (1, {"frames_per_chunk": 50}, "frames_per_chunk=50: is for nnet2 and nnet3 models, final.mdl is nnet1"),
        (1, {"pad_input": False}, "pad_input=false: is for nnet2 and nnet3 models, final.mdl is nnet1"),
        (3, {"pad_input": False}, "pad_input=false: is for nnet2 models and models that give one vector per utterance"),
        (3, {"chunk_size": 9}, "final.mdl gives scores for each frame; use frames_per_chunk for chunks"),
        (3, {"min_chunk_size": 9}, "min_chunk_size=9: is for models that give one vector per utterance, final.mdl"),
        (3, {"min_chunk_size": 0}, "min_chunk_size=0: expected 1 to 20000 frames"),
        (3, {"scores_per": "frames"}, "scores_per=frames: expected auto, frame or utterance"),
        (3, {"use_priors": True, "class_frame_counts": "c"}, "use_priors=true, class_frame_counts=c: expected one"),
        (1, {"no_softmax": True, "apply_log": True}, "no_softmax=true, apply_log=true: expected one of them"),
        (2, {"chunk_size": 5, "frames_per_chunk": 5}, "chunk_size=5, frames_per_chunk=5: expected one of them"),
        (2, {"chunk_size": 5, "pad_input": False}, "chunk_size=5, pad_input=false: expected one of them"),
        (2, {"divide_by_priors": True, "use_priors": True}, "divide_by_priors=true, use_priors=true: expected one"),
        (2, {"use_priors": True}, "expected apply_log with it, because final.mdl is nnet2 and gives posteriors"),
        (2, {"class_frame_counts": "c"}, "class_frame_counts=c: expected apply_log with it"),
        (3, {"prior_scale": 0.5}, "prior_scale=0.5: expected class_frame_counts or use_priors with it"),
        (3, {"prior_floor": 0.5}, "prior_floor=0.5: expected class_frame_counts with it"),
        (3, {"batch_compute": True}, "batch_compute=true: expected frames_per_chunk with it"),
        (
            3,
            {"ensure_exact_final_context": True},
            "ensure_exact_final_context=true: expected batch_compute with it",
        ),
        (3, {"frames_per_request": 8}, "frames_per_request=8: expected time=frame with it"),
        (3, {"time": "frame", "frames_per_chunk": 8}, "time=frame, frames_per_chunk=8: expected one of them"),
        (3, {"frames_per_chunk": -1}, "frames_per_chunk=-1: expected 0 or more frames"),
        (3, {"extra_left_context": -1}, "extra_left_context=-1: expected 0 or more frames"),
        (3, {"extra_left_context_initial": -2}, "expected 0 or more frames, or -1 for those of other chunks"),
        (3, {"extra_left_context": 20_001}, "extra_left_context=20001: expected at most 20000 frames"),
        (3, {"extra_right_context_final": 3_000_000_000}, "=3000000000: expected at most 20000 frames"),
        (1, {"time": "frame", "frames_per_request": 20_001}, "=20001: expected at most 20000 frames"),
        (3, {"frames_per_chunk": 20_001, "batch_compute": True}, "=20001: expected at most 20000 frames"),
        (3, {"frame_subsampling_factor": 1001}, "frame_subsampling_factor=1001: expected 1 to 1000"),
        (3, {"acoustic_scale": float("nan")}, "acoustic_scale=nan: expected a finite number"),
        (3, {"time": "frames"}, "time=frames: expected auto, utterance or frame"),
    ],
)
def test_what_is_wrong_is_said(generation: Generation, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        check(generation, options)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    "options",
    [
        {"scores_per": "utterance"},
        {"chunk_size": 150},
        {"chunk_size": 150, "pad_input": False},
        {"chunk_size": 20, "min_chunk_size": 20, "pad_input": False},
        {"chunk_size": 20},
        {"min_chunk_size": 1, "acoustic_scale": 0.5},
        {"time": "utterance"},
    ],
)
def test_options_of_networks_with_one_vector(options: dict[str, Any]) -> None:
    check(3, options, gives_vector=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"frames_per_chunk": 50},
            "frames_per_chunk=50: is for models with scores for each frame, final.mdl gives one",
        ),
        ({"time": "frame"}, "time=frame: final.mdl gives one vector per utterance and must see all of its frames"),
        ({"frame_subsampling_factor": 3}, "frame_subsampling_factor=3: is for models with scores for each frame"),
        ({"extra_left_context_initial": 0}, "extra_left_context_initial=0: is for models with scores for each frame"),
        (
            {"chunk_size": 99, "pad_input": False},
            "chunk_size=99, min_chunk_size=100, pad_input=false: no chunk is long enough",
        ),
    ],
)
def test_what_is_wrong_for_networks_with_one_vector_is_said(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        check(3, options, gives_vector=True)
    assert str(raised.value).startswith(message)


def test_options_are_kept_in_the_words_of_kaldi(tmp_path: Path) -> None:
    model = write_model(tmp_path / "final.mdl", acoustic_nnet3(spliced_nnet3()))
    counts = write_model(tmp_path / "counts", "[ 10 20 30 ]")
    kaldi = KaldiOptions(frames_per_chunk=7, frame_subsampling_factor=3, class_frame_counts=counts, prior_scale=0.5)
    facts = read_facts(convert_file(model, kaldi, "1.2.3"))
    assert facts is not None
    assert facts.options == (
        f"--frame-subsampling-factor=3 --frames-per-chunk=7 --class-frame-counts={counts} --prior-scale=0.5"
    )
    assert (facts.frames_per_chunk, facts.version, facts.generation) == (9, "1.2.3", 3)
    assert len(facts.source_sha256) == 64


@pytest.mark.parametrize(("final", "expected"), [(-1, -1), (0, 2), (4, 6)])
def test_the_batch_program_sees_the_whole_last_step(final: int, expected: int, tmp_path: Path) -> None:
    model = write_model(tmp_path / "final.raw", spliced_nnet3())
    kaldi = KaldiOptions(
        frames_per_chunk=6, frame_subsampling_factor=3, batch_compute=True, extra_right_context_final=final
    )
    facts = read_facts(convert_file(model, kaldi))
    assert facts is not None
    assert (facts.extra_right_context, facts.extra_right_context_final) == (2, expected)
    assert facts.batch_compute


def test_defaults_ask_for_nothing() -> None:
    assert KaldiOptions().asked == {}
    assert KaldiOptions().text == ""
    assert KaldiOptions(prior_floor=float(np.float64(1e-10))).text == ""
