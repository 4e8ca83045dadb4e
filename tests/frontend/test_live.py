"""Sound in pieces: the bits of whole recordings, states between utterances, and what cannot be live."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score.errors import MissingUtteranceError, OvAsrScoreError, ShapeMismatchError, TableFormatError, UsageError
from ov_asr_score.frontend.frontend import Frontend
from ov_asr_score.frontend.live import LiveFrontend
from ov_asr_score.frontend.live_state import FrontendState
from ov_asr_score.frontend.opening import open_sound_frontend
from ov_asr_score.frontend.reading import UtteranceFeatures, read_features
from ov_asr_score.settings.speech.feature_jobs import ComputationSettings
from ov_asr_score.settings.speech.feature_steps import FeatureSteps
from ov_asr_score.settings.speech.features import FeatureSettings, UtteranceSettings
from ov_asr_score.settings.speech.frontend import FrontendSettings
from ov_asr_score.settings.speech.sound import SoundSettings
from tests.command_line import ROOT
from tests.frontend.places import EXTRACTOR, FEATURES, MFCC_CONFIG, SPEECH
from tests.frontend.sounds import live_rows, sound

HIRES = str(FEATURES / "conf" / "mfcc_hires.conf")
POST = FEATURES / "post"
KEYS = ("es_Annie-t0024", "clip", "w8k")
LDA = FeatureSteps(
    cmvn="online",
    cmvn_stats=str(POST / "cmvn_global.mat"),
    cmn_window=40,
    splice=(1, 1),
    transforms=(str(POST / "lda_affine.txt"),),
)
DOWN = SoundSettings(allow_downsample=True, allow_upsample=True)
LOW = ComputationSettings(FeatureSettings(sample_frequency=8000.0))


def opened(settings: FrontendSettings, computation: ComputationSettings | None = None) -> Frontend:
    return open_sound_frontend(settings, computation)


def whole(frontend: Frontend, keys: tuple[str, ...], folder: Path) -> dict[str, UtteranceFeatures]:
    """The utterances as they come from their files."""
    files = [str(folder / f"{key}.flac") for key in keys]
    return {each.key: each for each in read_features(files, frontend)}


@pytest.mark.parametrize(
    ("settings", "computation", "keys"),
    [
        (FrontendSettings("mfcc"), None, KEYS[:2]),
        (FrontendSettings("mfcc", HIRES), None, KEYS[:2]),
        (FrontendSettings("mfcc"), ComputationSettings(FeatureSettings(dither=1.0)), KEYS[:2]),
        (FrontendSettings("fbank"), ComputationSettings(FeatureSettings(snip_edges=False)), KEYS[:2]),
        (FrontendSettings("plp"), None, KEYS[:2]),
        (FrontendSettings("spectrogram"), None, KEYS[:2]),
        (FrontendSettings("mfcc", steps=FeatureSteps(delta_order=2)), None, KEYS[:2]),
        (FrontendSettings("fbank", steps=FeatureSteps(splice=(4, 3), subsample=(3, 1))), None, KEYS[:2]),
        (FrontendSettings("mfcc", steps=LDA), None, KEYS[:2]),
        (FrontendSettings("mfcc", steps=FeatureSteps(cmvn="sliding", cmn_window=30, center=True)), None, KEYS[:2]),
        (FrontendSettings("mfcc", steps=replace(LDA, delta_order=1, splice=None, transforms=())), LOW, KEYS[2:]),
        (FrontendSettings("mfcc", HIRES, sound=DOWN), None, KEYS),
        (FrontendSettings("mfcc", HIRES, sound=replace(DOWN, resampler="soxr")), None, KEYS),
        (FrontendSettings("fbank", sound=DOWN, steps=FeatureSteps(delta_order=2)), LOW, KEYS),
        (FrontendSettings("fbank", sound=replace(DOWN, resampler="soxr")), LOW, KEYS),
    ],
)
def test_pieces_give_the_bits_of_whole_recordings(
    settings: FrontendSettings, computation: ComputationSettings | None, keys: tuple[str, ...]
) -> None:
    frontend = opened(settings, computation)
    expected = whole(frontend, keys, FEATURES / "wav")
    assert list(expected) == list(keys)
    for seed, key in enumerate(keys):
        samples, rate = sound(FEATURES / "wav" / f"{key}.flac")
        for each in range(2):
            features, _ = live_rows(LiveFrontend(frontend, rate, key), samples, seed + 10 * each)
            np.testing.assert_array_equal(features, expected[key].features)


def test_tables_by_speaker_and_by_utterance() -> None:
    computation = ComputationSettings(
        utterance=UtteranceSettings(vtln_map=f"ark:{FEATURES}/vtln_map", utt2spk=f"ark:{FEATURES}/utt2spk")
    )
    steps = FeatureSteps(cmvn="speaker", cmvn_stats=f"ark:{POST}/cmvn_spk.ark", feature_utt2spk=f"{FEATURES}/utt2spk")
    frontend = opened(FrontendSettings("mfcc", steps=steps), computation)
    expected = whole(frontend, KEYS[:2], FEATURES / "wav")
    live = LiveFrontend(frontend, 16000, KEYS[0])
    for key in KEYS[:2]:
        samples, _ = sound(FEATURES / "wav" / f"{key}.flac")
        np.testing.assert_array_equal(live_rows(live, samples, 1)[0], expected[key].features)
        live.restore(None, KEYS[1])
    with pytest.raises(MissingUtteranceError, match=r"expected the .* of utterance 'unknown', found none"):
        LiveFrontend(frontend, 16000, "unknown")
    given = opened(FrontendSettings("mfcc", steps=replace(steps, feature_utt2spk="")))
    live = LiveFrontend(given, 16000, "some", "spkA")
    with pytest.raises(MissingUtteranceError, match="expected a matrix for speaker 'x', found none"):
        live.restore(None, "some", "x")


@pytest.fixture
def of_speakers(monkeypatch: pytest.MonkeyPatch) -> tuple[Frontend, dict[str, tuple[str, ...]]]:
    """I-vectors and online CMVN that go on from utterance to utterance, and the utterances of the speakers."""
    monkeypatch.chdir(ROOT)
    steps = FeatureSteps(
        cmvn="online",
        cmvn_stats=str(EXTRACTOR / "global_cmvn.stats"),
        cmn_window=60,
        feature_utt2spk=str(SPEECH / "utt2spk"),
    )
    settings = FrontendSettings(
        "mfcc",
        str(MFCC_CONFIG),
        steps=steps,
        ivector_extractor=str(EXTRACTOR / "ivector_extractor.conf"),
        ivector_spk2utt=str(SPEECH / "spk2utt"),
    )
    frontend = opened(settings)
    assert frontend.ivectors is not None and frontend.ivectors.speakers is not None
    return frontend, dict(frontend.ivectors.speakers)


@pytest.mark.parametrize("saved", ["not", "json", "kaldi", "text"])
def test_states_go_on_as_from_file_to_file(
    saved: str, of_speakers: tuple[Frontend, dict[str, tuple[str, ...]]], tmp_path: Path
) -> None:
    frontend, speakers = of_speakers
    expected = {each.key: each for each in read_features(str(SPEECH), frontend)}
    assert sum(len(keys) > 1 for keys in speakers.values()) > 0 and len(expected) == 9
    for speaker, keys in speakers.items():
        state: FrontendState | None = None
        for key in keys:
            samples, rate = sound(SPEECH / f"{key}.flac")
            live = LiveFrontend(frontend, rate, key, speaker, state=state, ivector_table=True)
            features, ivectors = live_rows(live, samples, len(key))
            np.testing.assert_array_equal(features, expected[key].features)
            np.testing.assert_array_equal(ivectors, expected[key].ivectors)
            state = live.state()
            assert state.cmvn is not None and state.ivectors is not None
            if saved == "json":
                state = FrontendState.from_json(state.to_json())
            elif saved != "not":
                state.write_kaldi(tmp_path, text=saved == "text")
                state = FrontendState.read_kaldi(tmp_path)


def test_one_object_for_many_utterances(of_speakers: tuple[Frontend, dict[str, tuple[str, ...]]]) -> None:
    frontend, _ = of_speakers
    keys = ("es_Annie-t0002", "es_Annie-t0024")
    one = LiveFrontend(frontend, 16000, keys[0])
    found: list[Any] = []
    for key in keys:
        other = LiveFrontend(frontend, 16000, key, state=None if not found else one.state())
        if found:
            one.restore(one.state(), key)
        samples, _ = sound(SPEECH / f"{key}.flac")
        rows = [live_rows(live, samples, 5)[0] for live in (one, other)]
        np.testing.assert_array_equal(rows[0], rows[1])
        np.testing.assert_array_equal(one.ivector(), other.ivector())
        assert one.state().to_json() == other.state().to_json()
        found.append(rows[0])
    one.restore(None, keys[0])
    np.testing.assert_array_equal(live_rows(one, sound(SPEECH / f"{keys[0]}.flac")[0], 1)[0], found[0])


def test_ivectors_need_frames_and_context(of_speakers: tuple[Frontend, dict[str, tuple[str, ...]]]) -> None:
    frontend, _ = of_speakers
    live = LiveFrontend(frontend, 16000, "es_Annie-t0024")
    assert not live.ivector().any() and live.ivector().shape == (24,)
    samples, _ = sound(SPEECH / "es_Annie-t0024.flac")
    live.accept(samples[:800])  # three frames, of which none has its context
    assert (live.num_rows, live.ivector_frames) == (3, 0) and not live.ivector(2).any()
    live.accept(samples[800:4000])
    assert (live.num_rows, live.ivector_frames) == (23, 20)
    early = live.ivector(3)
    newest = live.ivector()
    np.testing.assert_array_equal(live.ivector(10_000), newest)
    np.testing.assert_array_equal(live.ivector(3), newest)  # the most recent one, as the options say
    assert not np.array_equal(early, newest)


def test_weights_of_frames(of_speakers: tuple[Frontend, dict[str, tuple[str, ...]]]) -> None:
    frontend, _ = of_speakers
    samples, _ = sound(SPEECH / "es_Annie-t0024.flac")
    without, ones, zeros = (LiveFrontend(frontend, 16000, "a", "b") for _ in range(3))
    for live in (without, ones, zeros):
        live.accept(samples)
    ones.update_weights((frame, 1.0) for frame in range(54))
    zeros.update_weights((frame, 0.0) for frame in range(54))
    np.testing.assert_allclose(ones.ivector(), without.ivector(), atol=1e-5)
    np.testing.assert_allclose(zeros.ivector(), 0, atol=1e-5)
    with pytest.raises(OvAsrScoreError, match=r"^utterance 'a': frame -1: expected a frame from 0 on"):
        ones.update_weights([(-1, 1.0)])
    ones.finish()
    with pytest.raises(OvAsrScoreError, match=r"^utterance 'a': frame 56: expected a weight for it, found weights up"):
        ones.ivector()


def test_memory_does_not_grow(of_speakers: tuple[Frontend, dict[str, tuple[str, ...]]], tmp_path: Path) -> None:
    """With all that keeps something: resampling, pitch, steps, i-vectors that are asked for."""
    (tmp_path / "pitch.conf").write_text("--recompute-frame=20\n--normalization-right-context=5\n")
    settings = FrontendSettings(
        "mfcc",
        str(MFCC_CONFIG),
        str(tmp_path / "pitch.conf"),
        sound=SoundSettings(allow_upsample=True),
        steps=FeatureSteps(cmvn="sliding", cmn_window=50, min_cmn_window=10, delta_order=1, splice=(2, 2)),
        ivector_extractor=str(EXTRACTOR / "ivector_extractor.conf"),
    )
    live = LiveFrontend(opened(settings), 11025, "endless")
    random = np.random.default_rng(0)
    tracemalloc.start()
    try:
        held = []
        for second in range(56):
            live.accept(random.normal(0, 1000, 11025).astype(np.float32) * (second % 7))
            live.ivector()
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert live.num_rows > 5400
    assert max(held[35:]) < max(held[12:35]) + 100_000  # some is forgotten every ten seconds only


STATE_OF_CMVN = '{"cmvn": {"speaker": null, "global_stats": null, "frozen": null}, "ivectors": null}'


@pytest.mark.parametrize(
    ("settings", "computation", "message"),
    [
        (FrontendSettings("mfcc", steps=FeatureSteps(cmvn="utterance")), None, "cmvn utterance: frames cannot be"),
        (FrontendSettings("mfcc", steps=FeatureSteps(cmvn="speaker")), None, "cmvn speaker: frames cannot be"),
        (FrontendSettings("mfcc", paste=("more.ark",)), None, "paste: more.ark has features of whole utterances"),
        (
            FrontendSettings("mfcc"),
            ComputationSettings(utterance=UtteranceSettings(subtract_mean=True)),
            "subtract_mean: the mean is not known before the utterance ends",
        ),
    ],
)
def test_what_cannot_be_live(settings: FrontendSettings, computation: ComputationSettings | None, message: str) -> None:
    frontend = opened(settings, computation)
    with pytest.raises(UsageError, match=message):
        LiveFrontend(frontend, 16000, "a", "b")


def test_what_does_not_fit(of_speakers: tuple[Frontend, dict[str, tuple[str, ...]]]) -> None:
    frontend, _ = of_speakers
    plain = opened(FrontendSettings("mfcc"))
    assert frontend.ivectors is not None
    with pytest.raises(UsageError, match="feature_type: expected features to compute of sound, found none"):
        LiveFrontend(replace(plain, features=None), 16000, "a")
    for rate in (0, 0.5, -1, float("nan"), float("inf"), "16000", None):
        with pytest.raises(UsageError, match=r"rate .*: expected samples per second, 1 or more"):
            LiveFrontend(plain, rate, "a")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="ivector_table: is for ivector_extractor, which is not given"):
        LiveFrontend(plain, 16000, "a", ivector_table=True)
    with pytest.raises(ShapeMismatchError, match=r"^utterance 'a': expected features of 40 columns, .* found 13$"):
        LiveFrontend(replace(plain, ivectors=frontend.ivectors), 16000, "a")
    with pytest.raises(ShapeMismatchError, match=r"^utterance 'a': transform .*: expected features of 40 columns"):
        steps = FeatureSteps(transforms=LDA.transforms)
        LiveFrontend(opened(FrontendSettings("mfcc", steps=steps)), 16000, "a").accept(np.zeros(400))
    left = LiveFrontend(frontend, 16000, "a", "b").state()
    with pytest.raises(UsageError, match="state: expected none of online CMVN, which is not among the steps"):
        LiveFrontend(plain, 16000, "a", state=FrontendState.from_json(STATE_OF_CMVN))
    with pytest.raises(UsageError, match="state: expected none of i-vectors, which are not computed"):
        LiveFrontend(plain, 16000, "a", state=FrontendState(None, left.ivectors))
    assert left.cmvn is not None and left.ivectors is not None
    foreign = replace(left.ivectors, cmvn=replace(left.cmvn, speaker=np.ones((2, 5))))
    with pytest.raises(ShapeMismatchError, match=r"^utterance 'b': state of the speaker: expected statistics of 40"):
        LiveFrontend(frontend, 16000, "b", "c", state=FrontendState(None, foreign))
    for live in (LiveFrontend(plain, 16000, "a"), LiveFrontend(frontend, 16000, "a", "b", ivector_table=True)):
        with pytest.raises(UsageError, match="expected i-vectors that are given when asked for, but they"):
            live.ivector()
        with pytest.raises(UsageError, match="expected i-vectors that are given when asked for, but they"):
            live.update_weights([])


def test_ends(of_speakers: tuple[Frontend, dict[str, tuple[str, ...]]]) -> None:
    frontend, _ = of_speakers
    live = LiveFrontend(opened(FrontendSettings("mfcc")), 16000, "a")
    assert live.finish().features.shape == (0, 13)  # as Kaldi's programs
    for _ in range(2):
        with pytest.raises(OvAsrScoreError, match=r"^utterance 'a': expected no sound after its end; restore begins"):
            live.finish()
        with pytest.raises(OvAsrScoreError, match=r"^utterance 'a': expected no sound after its end; restore begins"):
            live.accept(())
    live.restore(None, "b")
    assert live.accept(np.zeros(400)).features.shape == (1, 13)
    with_steps = LiveFrontend(opened(FrontendSettings("mfcc", steps=FeatureSteps(delta_order=1))), 16000, "a")
    with pytest.raises(ShapeMismatchError, match=r"^utterance 'a': expected at least one frame of features"):
        with_steps.finish(np.zeros(399))
    for table in (True, False):
        with pytest.raises(TableFormatError, match=r"^utterance 'a': expected a frame or more, found none"):
            LiveFrontend(frontend, 16000, "a", "b", ivector_table=table).finish()
    whole_sound = sound(SPEECH / "es_Annie-t0024.flac")[0]
    in_pieces, _ = live_rows(LiveFrontend(frontend, 16000, "a", "b"), whole_sound, 0)
    at_once = LiveFrontend(frontend, 16000, "a", "b").finish(whole_sound).features
    np.testing.assert_array_equal(in_pieces, at_once)


def test_the_extractor_takes_features_without_pitch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (tmp_path / "pitch.conf").write_text("--add-raw-log-pitch=true\n")
    conf = str(EXTRACTOR / "ivector_extractor.conf")
    settings = FrontendSettings("mfcc", str(MFCC_CONFIG), ivector_extractor=conf)
    with_pitch = opened(replace(settings, pitch_config=str(tmp_path / "pitch.conf")))
    file = str(SPEECH / "es_Annie-t0024.flac")
    (first,), (second,) = (list(read_features(file, frontend)) for frontend in (opened(settings), with_pitch))
    assert first.ivectors is not None and second.ivectors is not None
    assert (first.features.shape[1], second.features.shape[1]) == (40, 44)
    np.testing.assert_array_equal(first.ivectors, second.ivectors)
    live = LiveFrontend(with_pitch, 16000, "a", ivector_table=True)
    features, ivectors = live_rows(live, sound(Path(file))[0], 1)
    np.testing.assert_array_equal(ivectors, first.ivectors)
    np.testing.assert_array_equal(features[:, :40], first.features)
