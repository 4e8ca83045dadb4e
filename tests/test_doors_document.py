"""The examples of docs/vosk-and-transformers.md, and what it says of methods and arguments."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys

import pytest

from ov_asr_score.pipelines.creating import pipeline
from ov_asr_score.vosk import KaldiRecognizer
from tests.command_line import ROOT

DOCUMENT = (ROOT / "docs/vosk-and-transformers.md").read_text(encoding="utf-8")
VOSK, PIPELINE = re.findall(r"^```python\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)


def printed(program: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_example_of_vosk() -> None:
    pytest.importorskip("kaldi_decoder")
    lines = printed(VOSK)
    assert lines[-1] == "two open seven" and "two" in lines


def test_example_of_pipelines() -> None:
    pytest.importorskip("kaldi_decoder")
    first, second, *others = printed(PIPELINE)
    assert first == "{'text': 'two open seven'}" and "'timestamp': (0.6, 1.11)" in second and "'id': 3" in second
    assert others == ["play seven", "no"]


def test_methods_and_arguments_are_named() -> None:
    methods = {name for name in vars(KaldiRecognizer) if name[0].isupper()} - {"SetSpkModel"}
    assert {name for name in methods if name not in DOCUMENT} == set()
    arguments = set(inspect.signature(pipeline).parameters) - {"task", "model"}
    assert {name for name in arguments if f"`{name}`" not in DOCUMENT} == set()
