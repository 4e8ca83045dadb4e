"""docs/transcripts.md has every view with an example that holds, and every option of captions."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.report.transcript_views import VIEWS, view
from ov_asr_score.settings.setting import settings_of
from ov_asr_score.settings.words.captions import CaptionOptions
from ov_asr_score.transcript.json_form import parse_transcript
from ov_asr_score.transcript.transcript import Alternative, Segment, Transcript, Word

TEXT = (Path(__file__).parents[1] / "docs" / "transcripts.md").read_text(encoding="utf-8")
SECTIONS = {part.partition("`")[0]: part for part in re.split(r"^#{2,3} `?", TEXT, flags=re.MULTILINE) if "`" in part}
BLOCKS = {
    name: re.findall(r"^```(?:json|text)\n(.*?)^```$", part, re.MULTILINE | re.DOTALL)
    for name, part in SECTIONS.items()
}
EXAMPLES = {name: blocks[0] for name, blocks in BLOCKS.items() if blocks}
ROWS = {
    name: (suffix, needs)
    for name, suffix, needs in re.findall(r"^\| `([\w-]+)` \| (.*?) ?\| (.*?) ?\|$", TEXT, re.MULTILINE)
    if name in VIEWS
}


@pytest.fixture(scope="module")
def transcript() -> Transcript:
    found: dict[str, Any] = {}
    exec(compile(re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)[0], "docs/transcripts.md", "exec"), found)
    made: Transcript = found["transcript"]
    return made


def test_every_view_is_described() -> None:
    assert set(re.findall(r"^### `([\w-]+)`$", TEXT, re.MULTILINE)) == set(VIEWS)
    assert set(EXAMPLES) == set(VIEWS) - {"html"}


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_hold(name: str, transcript: Transcript) -> None:
    made = view(transcript, name)
    if EXAMPLES[name].startswith(("{", "[")):
        assert json.loads(EXAMPLES[name]) == json.loads(made)
    else:
        assert EXAMPLES[name] == made


def test_the_example_can_be_read(transcript: Transcript) -> None:
    assert parse_transcript(EXAMPLES["json"]) == transcript


def test_suffixes() -> None:
    assert {name: suffix.strip("`") for name, (suffix, _) in ROWS.items()} == {
        name: each.suffix for name, each in VIEWS.items()
    }
    assert len(ROWS) == len(VIEWS)


@pytest.mark.parametrize("name", VIEWS)
def test_needs(name: str) -> None:
    needs = ROWS[name][1]
    assert ("one recording" in needs) == VIEWS[name].of_one_recording
    # times of words alone, then those of the segment alone
    assert_refused(name, Segment("u", 0.0, 1.0, (Alternative((Word("a"),)),)), "times of words" in needs)
    assert_refused(name, Segment("u", None, None, (Alternative((Word("a", 0.0, 1.0),)),)), "segments" in needs)


def assert_refused(name: str, segment: Segment, is_refused: bool) -> None:
    if is_refused:
        with pytest.raises(UsageError, match="expected"):
            view(Transcript((segment,)), name)
    else:
        view(Transcript((segment,)), name)


def test_caption_options() -> None:
    for each in settings_of(CaptionOptions):
        assert each.setting is not None
        assert f"| `{each.setting.longest_name(each.name)}` | {each.default:g} | {each.setting.help} |" in TEXT
