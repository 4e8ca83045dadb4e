from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.kaldi_io import TableWriter
from tests.command_line import run


@pytest.fixture(autouse=True)
def table(folder: Path) -> None:
    with TableWriter("ark,scp:feats.ark,feats.scp") as writer:
        writer.write("utt2", np.full((3, 2), 0.5, np.float32))
        writer.write("utt10", np.full((5, 3), np.nan, np.float32))
        writer.write("utt10", np.full((5, 3), 1, np.float32))


def test_what_is_printed() -> None:
    outcome = run("table-info", "feats.scp", "--check-values")
    assert (outcome.code, outcome.stderr) == (0, "")
    assert outcome.stdout.splitlines() == [
        "feats.scp",
        "  keys: 3",
        "  kinds: FM=3",
        "  frames: 13 (3 to 5, median 5, mean 4.3)",
        "  columns: 3=2 matrices, 2=1 matrices",
        "  bytes: 189",
        "  duration: 0.00 hours (0.13 s)",
        "  order: not sorted: 'utt10' comes too late",
        "  duplicate keys: 1, first 'utt10'",
        "  values: 0.5 to 1, mean 0.857143",
        "  not finite: 15 NaN, 0 infinite, first in 'utt10'",
    ]


def test_what_goes_to_standard_output() -> None:
    outcome = run("table-info", "feats.ark", "--utt2num-frames", "-")
    assert outcome.stdout == "utt2 3 \nutt10 5 \nutt10 5 \n"
    assert outcome.stderr.startswith("feats.ark\n")
    assert json.loads(run("table-info", "feats.ark", "--report", "-", "--quiet").stdout)["tables"][0]["keys"] == 3
    assert run("table-info", "feats.ark", "--quiet").stdout == ""


def test_codes() -> None:
    Path("empty.ark").touch()
    outcome = run("table-info", "empty.ark")
    assert (outcome.code, outcome.error) == (1, "empty.ark: holds no entries")
    Path("x.scp").write_text("u none.ark:3\nv feats.ark:5\n")
    assert run("table-info", "x.scp").code == 3
    outcome = run("table-info", "x.scp", "--on-error", "skip")
    assert (outcome.code, outcome.error) == (1, "1 utterances could not be read")
    assert "unreadable: 1" in outcome.stdout
