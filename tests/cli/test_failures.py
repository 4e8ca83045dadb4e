from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import typer

from ov_asr_score.cli.failures import explained_failures, say
from ov_asr_score.errors import DeviceError, UsageError
from tests.command_line import COMMAND, ROOT, interruptible, names_in
from tests.tiny_model import tiny_features, write_table


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (UsageError("two\nlines"), 2, "error: two lines"),
        (DeviceError("no device"), 3, "error: no device"),
        (KeyboardInterrupt(), 130, "error: interrupted; no incomplete file was left under its final name"),
        (MemoryError(), 3, "error: not enough memory; use a smaller --batch-size or split long utterances"),
        (PermissionError(13, "Permission denied", "x.ark"), 3, "error: x.ark: Permission denied"),
        (OSError("odd"), 3, "error: standard output: odd"),
    ],
)
def test_what_stops_a_command_is_one_line(
    error: BaseException, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as left, explained_failures():
        raise error
    assert left.value.exit_code == code
    assert capsys.readouterr().err == line + "\n"


def test_a_fault_of_our_own_is_not_a_failed_comparison(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as left, explained_failures():
        raise IndexError("a bug")
    assert left.value.exit_code == 3
    assert "IndexError: a bug" in capsys.readouterr().err


def test_a_traceback_on_demand(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("OV_ASR_SCORE_TRACEBACK", "1")
    with pytest.raises(typer.Exit), explained_failures():
        raise UsageError("wrong")
    error = capsys.readouterr().err
    assert error.startswith("Traceback")
    assert error.endswith("error: wrong\n")


def test_the_exit_code_of_a_command_passes_through() -> None:
    with pytest.raises(typer.Exit) as left, explained_failures():
        raise typer.Exit(1)
    assert left.value.exit_code == 1


def test_handlers_of_signals_are_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with explained_failures():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


def test_an_ignored_hangup_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with explained_failures():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(
    ("message", "shown"),
    [("plain", "plain"), ("a\x1b[31m", "a\\x1b[31m"), ("a  b\tc", "a  b\\tc"), ("\udcff", "\\udcff"), ("ключ", "ключ")],
)
def test_lines_hold_nothing_that_a_terminal_obeys(message: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    say(message)
    assert capsys.readouterr().err == shown + "\n"


# Signals in the middle of a run, which waits for its features at a FIFO


@contextmanager
def scoring_at_a_fifo(tiny_model: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that has opened its outputs and waits for the rest of the features."""
    write_table(folder / "all.ark", tiny_features(*[200] * 50))
    features = (folder / "all.ark").read_bytes()
    (folder / "all.ark").unlink()
    os.mkfifo(folder / "fifo")
    words = [
        *COMMAND,
        "score",
        "-m",
        tiny_model,
        "-i",
        "ark:fifo",
        "-o",
        "ark,scp:s.ark,s.scp",
        "--report",
        "r.json",
        "-v",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with interruptible():
        process = subprocess.Popen(
            words,
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    try:
        with (folder / "fifo").open("wb", buffering=0) as fifo:
            fifo.write(features[: len(features) // 2])
            assert process.stdout is not None
            assert process.stdout.readline().split()[-1] == b"utt1"  # -v: it was scored, so all outputs are open
            yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_nothing_behind(tiny_model: str, folder: Path, number: signal.Signals) -> None:
    with scoring_at_a_fifo(tiny_model, folder) as process:
        temporary = [name for name in names_in(folder) if name != "fifo"]
        assert len(temporary) == 3
        assert all(name.endswith(".part") for name in temporary)
        process.send_signal(number)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert error.decode() == "error: interrupted; no incomplete file was left under its final name\n"
    assert names_in(folder) == ["fifo"]


# Readers that go away


@pytest.mark.parametrize(
    "arguments", [("score", "-i", "feats.ark", "-v"), ("score", "-i", "feats.ark", "-o", "ark:-", "--quiet")]
)
def test_a_closed_standard_output_is_no_traceback(tiny_model: str, folder: Path, arguments: tuple[str, ...]) -> None:
    write_table("feats.ark", tiny_features(*[500] * 200))
    process = subprocess.Popen(
        [*COMMAND, *arguments, "-m", tiny_model],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert len(process.stdout.read(10)) == 10
    process.stdout.close()
    assert process.stderr is not None
    error = process.stderr.read().decode()
    assert process.wait(timeout=60) == 3
    assert error.startswith("error: standard output")
    assert error.count("\n") == 1
