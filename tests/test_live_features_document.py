"""docs/live-features.md: its example runs, and what it says of delays, names and settings is so."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score import FeatureSteps, FrontendSettings, FrontendState, LiveFrontend, open_sound_frontend
from ov_asr_score.ivector.live import _MOST_WAITING, _REMEMBERED_FRAMES
from ov_asr_score.settings.speech.feature_jobs import ComputationSettings
from ov_asr_score.settings.speech.sound import SoundSettings

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "live-features.md").read_text(encoding="utf-8")
EXTRACTOR = "models/chain_ivector/ivector_extractor/ivector_extractor.conf"


@pytest.fixture(autouse=True)
def in_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths of the example are relative to it."""
    monkeypatch.chdir(ROOT)


def test_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    exec(compile(example, "docs/live-features.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("es_Annie-t0002 0 (16, 40) [")
    assert lines[-1] == "es_Annie-t0024 57 rows; 0 frames of delay; (0, 40)"
    assert len(lines) == 6 + 4 + 2


def test_every_wait_is_named(tmp_path: Path) -> None:
    (tmp_path / "pitch.conf").write_text("--frames-per-chunk=10\n--max-frames-latency=5\n")
    settings = FrontendSettings(
        "mfcc",
        pitch_config=str(tmp_path / "pitch.conf"),
        sound=SoundSettings(allow_upsample=True),
        steps=FeatureSteps(cmvn="sliding", delta_order=2, splice=(4, 3)),
    )
    frontend = open_sound_frontend(settings, ComputationSettings())
    live = LiveFrontend(frontend, 8000, "a")
    delays = dict(live.delays)
    for name in delays:
        assert f"\n| `{name}`" in TEXT, name
    assert delays.pop("pitch") == 3 + 5
    assert delays == {
        "resampling": 1,
        "chunks of pitch": 10,
        "normalization of pitch": 75,
        "CMVN": 99,
        "deltas": 4,
        "splicing": 3,
    }


@pytest.mark.parametrize(("rate", "frames"), [(8000, 12), (48000, 4)])
def test_how_long_soxr_waits(rate: int, frames: int) -> None:
    sound = SoundSettings(allow_upsample=True, allow_downsample=True, resampler="soxr")
    live = LiveFrontend(open_sound_frontend(FrontendSettings("mfcc", sound=sound)), rate, "a")
    assert live.delays == (("resampling", frames),)
    assert f"{frames} from {rate // 1000} to 16 kHz" in TEXT


def test_what_is_told_of_states() -> None:
    frontend = open_sound_frontend(
        FrontendSettings("mfcc", "models/chain_ivector/conf/mfcc.conf", ivector_extractor=EXTRACTOR)
    )
    live = LiveFrontend(frontend, 16000, "a")
    live.accept(np.random.default_rng(0).normal(0, 1000, 16000))
    live.ivector()
    size = len(live.state().to_json())
    assert f"{round(size / 1000)} KB for the extractor" in TEXT
    assert f"{_REMEMBERED_FRAMES} frames for weights that change, at most {_MOST_WAITING}" in TEXT.replace("\n", " ")


def test_names_are_there() -> None:
    for name in re.findall(r"`(\w+)\(", TEXT):
        known = (LiveFrontend, FrontendState)
        assert name in {each.__name__ for each in (*known, FrontendSettings, SoundSettings, FeatureSteps)} or any(
            hasattr(each, name) for each in known
        ), name
    parameters = inspect.signature(LiveFrontend).parameters
    assert {"state", "ivector_table"} <= set(parameters)
