from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from ov_asr_score.decoding.token_passing import code_folder
from ov_asr_score.decoding.token_passing.first_use import EACH_TIME, ONCE, telling
from tests.decoding.token_passing.test_compiled import run


def test_other_sources_have_another_folder(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    before = code_folder.sources_digest(tmp_path)
    (tmp_path / "a.py").write_text("x = 2\n")
    assert code_folder.sources_digest(tmp_path) != before


def test_compiled_code_that_is_not_used_any_more_is_removed(tmp_path: Path) -> None:
    for name, age in (("compiled-old", 31), ("compiled-new", 29), ("converted", 99)):
        (tmp_path / name).mkdir()
        used = time.time() - age * 24 * 3600
        os.utime(tmp_path / name, (used, used))
    code_folder.remove_unused(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"compiled-new", "converted"}


def test_users_are_told_once_why_they_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []

    def uses(folder: Path | None) -> list[bool]:
        monkeypatch.setattr(code_folder, "_asked", [])
        monkeypatch.setattr(code_folder, "code_folder", lambda: None if folder is None else str(folder))
        with telling(heard.append):
            return [code_folder.is_first_use(), code_folder.is_first_use()]

    assert (uses(tmp_path), heard) == ([True, False], [ONCE])
    (tmp_path / "lookahead_1").mkdir()
    (tmp_path / "lookahead_1/frame_steps.advance_search-288.py311.nbi").touch()
    assert (uses(tmp_path), heard) == ([False, False], [ONCE])
    assert (uses(None), heard) == ([True, False], [ONCE, EACH_TIME])


def test_decoding_tells_it_before_workers_compile(tmp_path: Path) -> None:
    model, scores = "models/chain_ivector", "ark:data/speech/kaldi_scores.ark"
    arguments = ["decode", "-m", f"{model}/final.mdl", "--graph", f"{model}/graph/HCLG.fst", "--lattice", "/dev/null"]
    program = f"""
import sys
from ov_asr_score.decoding import workers
workers._decode_there = workers._decode_here = lambda *_: iter(())  # nothing is compiled
from ov_asr_score.cli.app import main
main({[*arguments, scores]!r})
"""
    outcome = run(program, OV_ASR_SCORE_CACHE=str(tmp_path))
    assert outcome.stderr.splitlines()[0] == ONCE, outcome.stderr
    quiet = run(program.replace("'decode'", "'decode', '--quiet'"), OV_ASR_SCORE_CACHE=str(tmp_path))
    assert ONCE not in quiet.stderr
