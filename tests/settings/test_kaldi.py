from __future__ import annotations

from ov_asr_score.settings.kaldi import DEFAULT_OPTIONS, KaldiOptions, named, spelled


def test_only_what_differs_from_the_defaults_is_asked() -> None:
    assert DEFAULT_OPTIONS.asked == {}
    assert KaldiOptions(use_priors=True, acoustic_scale=0.1).asked == {"use_priors": True, "acoustic_scale": 0.1}
    assert KaldiOptions(chunk_size=-1).asked == {}  # none, as in nnet-am-compute
    assert KaldiOptions(time="frame", frames_per_request=8).asked == {"time": "frame", "frames_per_request": 8}
    assert KaldiOptions(time="utterance").asked == {}


def test_lockstep_is_not_what_users_ask() -> None:
    assert KaldiOptions(time="lockstep", frames_per_request=48).asked == {}


def test_texts_have_the_spelling_of_kaldi() -> None:
    options = KaldiOptions(frames_per_chunk=50, pad_input=False, class_frame_counts="a=b")
    assert options.text == "--frames-per-chunk=50 --class-frame-counts=a=b --pad-input=false"
    assert (spelled("class_frame_counts", options), named("class_frame_counts", options)) == (
        "--class-frame-counts=a=b",
        "class_frame_counts=a=b",
    )
