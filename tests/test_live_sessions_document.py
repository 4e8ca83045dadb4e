"""docs/live-sessions.md: its examples run, and its options are those of sessions."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from ov_asr_score.recognition.live_session import LiveSession
from ov_asr_score.recognition.recognizer import LOW_LATENCY_FRAMES, Recognizer, load_recognizer
from ov_asr_score.settings.recognition.live import LoopedOptions
from tests.command_line import ROOT
from tests.recognition.places import samples_of

TEXT = (ROOT / "docs" / "live-sessions.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


def test_example_of_a_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").symlink_to(ROOT / "models")
    (tmp_path / "speech.raw").write_bytes(samples_of("pauses").astype("<i2").tobytes())
    exec(compile(EXAMPLES[0], "docs/live-sessions.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert len([line for line in lines if line.startswith("final ")]) == 3
    assert lines[0].startswith("partial ")
    assert re.fullmatch(r"\d+\.\d\d \d+\.\d\d \w+", lines[-1])


def test_example_of_recordings(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    exec(compile(EXAMPLES[1], "docs/live-sessions.md", "exec"), {})
    assert re.fullmatch(r"es_Annie-t0002 \w+\n", capsys.readouterr().out)


def test_options_are_those_of_sessions() -> None:
    rows = re.findall(r"^\| (`.*?`) \|", TEXT, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    known = set(inspect.signature(Recognizer.session).parameters) - {"self", "rate", "key", "float_full_scale"}
    assert named == known
    assert "`float_full_scale=32768`" in TEXT


def test_what_is_told_of_steps() -> None:
    with load_recognizer(ROOT / "models" / "chain_ivector") as recognizer:
        context = recognizer.engine().model.right_context
    assert f"steps of {LOW_LATENCY_FRAMES} frames" in TEXT
    assert f"({LoopedOptions().frames_per_chunk} frames as a rule" in TEXT
    assert f"({context} in `models/chain_ivector`)" in TEXT


@pytest.mark.parametrize("name", sorted(set(re.findall(r"session\.(\w+)", TEXT))))
def test_names_of_sessions(name: str) -> None:
    assert hasattr(LiveSession, name) or f"self.{name}" in inspect.getsource(LiveSession.__init__) or name == "warnings"
