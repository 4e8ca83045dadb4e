"""``listen`` as people run it: real pipes, Ctrl-C, readers that go away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from tests.command_line import COMMAND, MODELS, ROOT, interruptible, run_process
from tests.job.test_listen import TWO, WORDS

CHAIN = str(MODELS / "chain_ivector")


@contextmanager
def listening(*options: str) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """The command with a pipe on standard input, and that pipe."""
    with interruptible():
        process = subprocess.Popen(
            [*COMMAND, "listen", CHAIN, "-", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
        )
    assert process.stdin is not None
    try:
        yield process, process.stdin
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            assert pipe is not None
            with suppress(BrokenPipeError):
                pipe.close()


def read_line(file: IO[bytes] | None) -> str:
    assert file is not None
    return file.readline().decode().rstrip("\n")


def test_words_come_while_sound_does() -> None:
    with listening("--partials", "always") as (process, sound):
        sound.write(TWO[: 2 * 16000 * 3])
        sound.flush()
        lines: list[str] = []
        while "… two open seven" not in lines:
            lines.append(read_line(process.stderr))
        assert "… two" in lines
        assert read_line(process.stdout) == WORDS[0]  # sound is still to come
        sound.write(TWO[2 * 16000 * 3 :])
        sound.close()
        assert read_line(process.stdout) == WORDS[1]
        assert process.wait() == 0


def test_final_words_alone_go_to_pipes() -> None:
    outcome = run_process("listen", CHAIN, "-", stdin=TWO)
    assert outcome.code == 0 and outcome.stdout == "".join(f"{words}\n" for words in WORDS)
    assert "…" not in outcome.stderr


def test_ctrl_c_keeps_what_was_said(tmp_path: Path) -> None:
    with listening("-o", str(tmp_path / "all.txt"), "--captions", str(tmp_path / "live.vtt")) as (process, sound):
        sound.write(TWO[: 2 * 16000 * 3])
        sound.flush()
        assert read_line(process.stdout) == WORDS[0]
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr is not None and b"Traceback" not in process.stderr.read()
    assert (tmp_path / "all.txt").read_text().startswith("stdin-0001 two open seven\n")
    assert "two open seven" in (tmp_path / "live.vtt").read_text()


def test_readers_that_go_away(tmp_path: Path) -> None:
    with listening("-o", str(tmp_path / "all.txt")) as (process, sound):
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        sound.write(TWO)
        sound.close()
        assert process.wait(60) == 3
        assert process.stderr.read().decode().splitlines()[-1] == "error: standard output was closed by its reader"
    assert (tmp_path / "all.txt").read_text().startswith("stdin-0001 two open seven\n")


def test_sounddevice_that_is_missing_is_one_line() -> None:
    without = "import sys; sys.modules['sounddevice'] = None; sys.argv[0] = 'ov-asr-score'; "
    program = without + "from ov_asr_score.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "listen", CHAIN], capture_output=True, check=False, cwd=ROOT, env=os.environ
    )
    lines = done.stderr.decode().splitlines()
    assert done.returncode == 3 and [line for line in lines if line.startswith("error: ")] == lines[-1:]
    assert 'pip install "ov-asr-score[listen]", or send sound to standard input' in lines[-1]


def test_no_sound_is_one_line() -> None:
    outcome = run_process("listen", CHAIN, "-", stdin=b"")
    assert outcome.code == 3 and outcome.stdout == ""
    assert outcome.stderr.splitlines()[-1] == "error: standard input: expected samples, found none"
