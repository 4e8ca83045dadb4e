"""docs/voice-commands.md: its examples run, and it names every option."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ov_asr_score.decoding.phrases.composition import MOST_ARCS
from ov_asr_score.settings.recognition.phrases import DEFAULT_UNKNOWN_COST, PhraseSettings
from ov_asr_score.settings.setting import settings_of
from tests.test_readme import ROOT, blocks, run

TEXT = (ROOT / "docs" / "voice-commands.md").read_text(encoding="utf-8")


def test_commands(tmp_path: Path) -> None:
    for name in ("models", "data"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "out").mkdir()
    (commands,) = blocks("bash", TEXT)
    printed = run(["bash", "-ec", commands], tmp_path)
    assert printed.returncode == 0, printed.stderr
    assert printed.stdout == TEXT.split("\n```\n\n```\n")[1].partition("```")[0]


def test_python(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (example,) = blocks("python", TEXT)
    exec(compile(example, "docs/voice-commands.md", "exec"), {})
    left_out, without_effect, *words = capsys.readouterr().out.splitlines()
    assert without_effect == "boost of 'stop' is left out: 'stop' is on no arc of the graph"
    assert left_out.startswith("phrase 'turn left' is left out: 'turn' is not in models/chain_ivector/graph/words.txt")
    assert words == ["play seven", "play seven"]


def test_every_option_is_named() -> None:
    options = {each.setting.longest_name(each.name) for each in settings_of(PhraseSettings) if each.setting}
    assert set(re.findall(r"^\| `(--[\w-]+)", TEXT, re.MULTILINE)) == options


def test_numbers() -> None:
    assert f"costs ({DEFAULT_UNKNOWN_COST:g})" in TEXT
    assert f"{MOST_ARCS // 10**6} million arcs" in TEXT
