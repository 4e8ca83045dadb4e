"""Shards, runs that are killed, and what joins them, as on a command line."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.kaldi_io import read_table
from tests.command_line import COMMAND, DATA, MODELS, ROOT, names_in, run, run_process
from tests.tiny_model import tiny_features, write_table

FEATURES = tiny_features(*(1 + 5 * number % 17 for number in range(25)))


@pytest.fixture(autouse=True)
def feats(folder: Path) -> None:
    write_table("ark,scp:feats.ark,feats.scp", FEATURES)


def outputs(number: int) -> str:
    return f"ark,scp:s.{number}.ark,s.{number}.scp"


@pytest.mark.parametrize("source", ["feats.ark", "feats.scp"])
@pytest.mark.parametrize("suffix", ["ark", "scp"])
def test_joined_shards_are_a_single_run_byte_for_byte(tiny_model: str, source: str, suffix: str) -> None:
    assert run("score", "-m", tiny_model, "-i", source, "-o", "ark,scp:all.ark,all.scp").code == 0
    single = [Path(name).read_bytes() for name in ("all.ark", "all.scp")]
    for number in (1, 2, 3, 4):
        outcome = run("score", "-m", tiny_model, "-i", source, "-o", outputs(number), "--shard", f"{number}/4")
        assert outcome.code == 0
    shards = [f"s.{number}.{suffix}" for number in (1, 2, 3, 4)]
    outcome = run("merge", *shards, "-o", "ark,scp:all.ark,all.scp")
    assert (outcome.code, outcome.stderr) == (0, "joined 25 entries of 4 tables\n")
    assert [Path(name).read_bytes() for name in ("all.ark", "all.scp")] == single
    assert run("merge", *reversed(shards), "-o", "ark,scp:all.ark,all.scp", "--order", "feats.scp").code == 0
    assert [Path(name).read_bytes() for name in ("all.ark", "all.scp")] == single


def test_shards_of_a_stream(tiny_model: str) -> None:
    data = Path("feats.ark").read_bytes()
    assert run("score", "-m", tiny_model, "-i", "feats.ark", "-o", "all.ark").code == 0
    for number in (1, 2):
        words = ("score", "-m", tiny_model, "-i", "ark:-", "-o", f"s.{number}.ark", "--shard", f"{number}/2")
        assert run(*words, stdin=data).code == 0
    assert run("merge", "s.1.ark", "s.2.ark", "-o", "joined.ark", "--order", "feats.scp", "--quiet").stderr == ""
    assert Path("joined.ark").read_bytes() == Path("all.ark").read_bytes()


def test_more_shards_than_utterances_is_no_failure(tiny_model: str) -> None:
    write_table("feats.ark", tiny_features(3, 4))
    codes = [
        run("score", "-m", tiny_model, "-i", "feats.ark", "-o", f"s.{number}.ark", "--shard", f"{number}/5").code
        for number in range(1, 6)
    ]
    assert codes == [0] * 5
    assert run("merge", *(f"s.{number}.ark" for number in range(1, 6)), "-o", "all.ark").code == 0
    assert [key for key, _ in read_table("all.ark")] == ["utt1", "utt2"]


@pytest.mark.parametrize("count", [1, 2])
def test_other_tables_may_hold_the_utterances_of_other_shards(count: int) -> None:
    two = DATA / "two_inputs"
    words: list[str | Path] = ["score", "-m", MODELS / "two_inputs.xml", "-i", f"features={two}/features.ark"]
    words += ["-i", f"ivector={two}/ivectors_utterance.ark", "-r", f"score={two}/score_utterance.ark"]
    keys = []
    for number in range(1, count + 1):
        outcome = run(*words, "-o", "score=s.ark", "--shard", f"{number}/{count}", "--max-error", "1e-4")
        assert outcome.code == 0
        keys += [key for key, _ in read_table("s.ark")]
    assert keys == [key for key, _ in read_table(f"{two}/features.ark")]


def test_wrong_use(tiny_model: str) -> None:
    words = ("score", "-m", tiny_model, "-i", "feats.ark", "-o", "s.ark")
    outcome = run(*words, "--shard", "3/2")
    assert (outcome.code, outcome.error) == (2, "--shard 3/2: expected I/N with I from 1 to N, as in 2/8")
    outcome = run(*words, "--shard", "1/2", "--pair", "position")
    expected = "--shard 1/2: needs tables joined by key; leave --pair=position out"
    assert (outcome.code, outcome.error) == (2, expected)
    outcome = run("score", "-m", tiny_model, "-i", "feats.ark", "-o", "ark:-", "--resume")
    expected = "--resume: 'ark:-': standard output cannot be continued; write an archive to a plain file"
    assert (outcome.code, outcome.error) == (2, expected)
    outcome = run("merge", "feats.ark", "-o", "ark:feats.ark")
    assert (outcome.code, outcome.error) == (
        2,
        "-o/--output feats.ark: is the same file as that of SHARD; give another name",
    )
    outcome = run("merge", "feats.ark", "-o", "x.npz")
    assert (outcome.code, outcome.error) == (2, "x.npz: tables cannot be joined to an NPZ file; write an archive")
    outcome = run("merge", "feats.ark", "-o", "x.ark", "--allow-missing")
    assert outcome.code == 2
    write_table("empty.ark", {})
    outcome = run("merge", "empty.ark", "-o", "x.ark")
    assert (outcome.code, outcome.error) == (1, "the shards hold no entries; an empty table was written")


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL there")
def test_a_command_line_that_is_killed_goes_on(folder: Path) -> None:
    """The features come from a pipe, so that it is known how far the run can be when it is killed."""
    features = dict(read_table(str(DATA / "dnn_digits" / "features.ark")))
    many = {f"{number}-{key}": matrix for number in range(20) for key, matrix in features.items()}
    write_table("many.ark", many)
    data = Path("many.ark").read_bytes()
    model = str(MODELS / "dnn_digits.xml")
    words = [*COMMAND, "score", "-m", model, "-i", "ark:-", "-o", "ark,scp:s.ark,s.scp", "--resume", "--quiet"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    script = folder / ".s.scp.partial"

    def size_of(path: Path) -> int:
        return path.stat().st_size if path.exists() else 0

    start = 0
    for _ in range(2):
        with subprocess.Popen(words, stdin=subprocess.PIPE, env=environment) as process:
            assert process.stdin is not None
            before = size_of(script)
            process.stdin.write(data[:start])
            while size_of(script) <= before:  # what is written is handed over every second
                assert start < len(data), "the run could come to its end"
                process.stdin.write(data[start : start + 300_000])
                process.stdin.flush()
                start += 300_000
                time.sleep(0.1)
            os.kill(process.pid, signal.SIGKILL)
            process.stdin.close()
    assert {".s.ark.partial", ".s.ark.resume.json", ".s.scp.partial"} < set(names_in(folder))
    assert not Path("s.ark").exists()
    outcome = run("score", "-m", model, "-i", "ark:-", "-o", "ark,scp:s.ark,s.scp", "--resume", stdin=data)
    assert outcome.code == 0
    assert "scored before:" in outcome.stdout
    resumed = [Path(name).read_bytes() for name in ("s.ark", "s.scp")]
    assert run_process("score", "-m", model, "-i", folder / "many.ark", "-o", folder / "w.ark", "--quiet").code == 0
    assert resumed[0] == Path("w.ark").read_bytes()
    assert len(resumed[1].splitlines()) == len(many)
    np.testing.assert_array_equal(next(iter(dict(read_table("s.scp")).values())).shape[1], 120)
