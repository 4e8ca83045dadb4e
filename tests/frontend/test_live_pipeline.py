"""Live front ends against Kaldi's online decoding: from sound in chunks to features, pitch and i-vectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.frontend.frontend import Frontend
from ov_asr_score.frontend.live import LiveFrontend
from ov_asr_score.frontend.live_state import FrontendState
from ov_asr_score.frontend.opening import open_sound_frontend
from ov_asr_score.settings.speech.feature_steps import FeatureSteps
from ov_asr_score.settings.speech.frontend import FrontendSettings
from tests.command_line import ROOT
from tests.frontend.places import EXTRACTOR, IVECTOR, SPEECH, stored
from tests.frontend.sounds import Samples, sound

Rows = NDArray[np.float32]
# samples that were fed, frames that were ready then, i-vectors that were asked for by frame
Asked = tuple[int, int, list[tuple[int, Rows]]]

PIPELINE, CONF = IVECTOR / "pipeline", IVECTOR / "conf"
MFCC = FrontendSettings("mfcc", str(CONF / "mfcc.conf"), ivector_extractor=str(EXTRACTOR / "ivector_extractor.conf"))


@pytest.fixture(autouse=True)
def in_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths in the configuration of the extractor are relative to it."""
    monkeypatch.chdir(ROOT)


def opened(settings: FrontendSettings, **options: Any) -> Frontend:
    """A front end whose extractor has other options."""
    frontend = open_sound_frontend(settings)
    assert frontend.ivectors is not None
    extractor = frontend.ivectors.extractor
    extractor = replace(extractor, options=replace(extractor.options, **options))
    return replace(frontend, ivectors=replace(frontend.ivectors, extractor=extractor))


def chunks(samples: Samples, rate: int, seconds: float) -> list[Samples]:
    """The pieces in which Kaldi's programs take sound."""
    size = int(np.float32(rate) * np.float32(seconds))
    return [samples[first : first + size] for first in range(0, len(samples), size)]


def dumped(frontend: Frontend, keys: list[str], folder: Path, seconds: float) -> Iterator[tuple[str, Rows, Rows]]:
    """Features and the i-vectors of all frames of utterances, as online2-wav-dump-features asks for them."""
    state = FrontendState()
    for key in keys:
        samples, rate = sound(folder / f"{key}.flac")
        *pieces, last = chunks(samples, rate, seconds)
        live = LiveFrontend(frontend, rate, key, state=state)
        rows: list[Rows] = []
        ivectors: list[Rows] = []
        for piece in (*pieces, None):
            ready = live.finish(last) if piece is None else live.accept(piece)
            rows.append(ready.features)
            while len(ivectors) < min(live.num_rows, live.ivector_frames):
                ivectors.append(live.ivector(len(ivectors)))
        yield key, np.concatenate(rows), np.array(ivectors)
        state = FrontendState(None, live.state().ivectors)  # it does not hand on the state of CMVN


def assert_near(distances: Rows) -> None:
    """As near as Kaldi is to itself with other kernels of BLAS."""
    assert np.median(distances) <= 1e-5
    assert np.quantile(distances, 0.99) <= 2e-3
    assert distances.max() <= 4e-2


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("", {}),
        ("_greedy-ivector-extractor=true", {"greedy_ivector_extractor": True}),
        ("_use-most-recent-ivector=false", {"use_most_recent_ivector": False}),
    ],
)
@pytest.mark.parametrize("seconds", [0.18, 1.0])
def test_mfcc_and_ivectors(name: str, options: dict[str, Any], seconds: float) -> None:
    expected = stored(PIPELINE / f"chunk{seconds}{name}.ark")
    frontend = opened(MFCC, max_count=0.0, **options)
    (line,) = (IVECTOR / "spk2utt_five").read_text().splitlines()
    distances = []
    for key, features, ivectors in dumped(frontend, line.split()[1:], PIPELINE / "wav", seconds):
        assert np.abs(features - expected[key][:, :40]).max() < 2e-3
        distances.append(np.abs(ivectors - expected[key][:, 40:]).ravel())
    assert len(distances) == 4
    assert_near(np.concatenate(distances))


@pytest.mark.parametrize(
    ("name", "conf", "steps"),
    [
        ("pitch_chunk0.18", "pitch_online.conf", FeatureSteps()),
        ("pitch_chunk0.1", "pitch_online_chunk10.conf", FeatureSteps()),
        (
            "cmvn_chunk0.18",
            "",
            FeatureSteps(
                cmvn="online",
                cmvn_stats=str(EXTRACTOR / "global_cmvn.stats"),
                norm_vars=True,
                cmn_window=100,
                global_frames=30,
                speaker_frames=60,
            ),
        ),
    ],
)
def test_pitch_and_cmvn(name: str, conf: str, steps: FeatureSteps) -> None:
    frontend = opened(replace(MFCC, pitch_config=str(CONF / conf) if conf else "", steps=steps))
    expected = stored(PIPELINE / f"{name}.ark")
    distances, seen = [], []
    for line in (PIPELINE / "spk2utt_speech").read_text().splitlines():
        for key, features, ivectors in dumped(frontend, line.split()[1:], SPEECH, float(name.partition("chunk")[2])):
            width = features.shape[1]
            assert features.shape == (len(ivectors), 44 if conf else 40)
            # one value of es_Annie-t0002 is as far as that: a filter that hears nearly nothing
            limit = 3e-3 if key == "es_Annie-t0002" else 5e-4
            assert np.abs(features - expected[key][:, :width]).max() < limit
            assert np.abs(features - expected[key][:, :width])[:, 40:].max(initial=0) < 1e-4
            distances.append(np.abs(ivectors - expected[key][:, width:]).ravel())
            seen.append(key)
    assert seen == list(expected)
    assert_near(np.concatenate(distances))


def asked(name: str) -> Iterator[tuple[str, list[Asked]]]:
    """The utterances, and what a network asked for after each piece of sound."""
    current = ""
    events: list[Asked] = []
    for line in (IVECTOR / "asked" / f"{name}.ivectors.txt").read_text().splitlines()[1:]:
        words = line.split()
        if words[0] == "ivector":
            events[-1][2].append((int(words[1].removeprefix("t=")), np.array(words[3:-1], np.float32)))
            continue
        if words[0] != current and current:
            yield current, events
            events = []
        current = words[0]
        events.append((int(words[1]), int(words[2]), []))
    yield current, events


@pytest.mark.parametrize(("name", "greedy"), [("chunk0.18", False), ("chunk1.0", False), ("offline", True)])
def test_ivectors_that_a_network_asks_for(name: str, greedy: bool) -> None:
    frontend = opened(MFCC, greedy_ivector_extractor=greedy)
    distances, keys = [], []
    for key, events in asked(name):
        samples, rate = sound(SPEECH / f"{key}.flac")
        live = LiveFrontend(frontend, rate, key)
        taken = 0
        for fed, ready, ivectors in events:
            if fed == len(samples):
                live.finish(samples[taken:fed])
            else:
                live.accept(samples[taken:fed])
            taken = fed
            assert min(live.ivector_frames, live.num_rows) == ready
            for frame, expected in ivectors:
                assert frame == ready - 1
                distances.append(np.abs(live.ivector() - expected))
        assert taken == len(samples)
        keys.append(key)
    assert keys == sorted(path.stem for path in SPEECH.glob("*.flac"))
    assert_near(np.concatenate(distances))
