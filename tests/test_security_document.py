"""SECURITY.md: what it promises of whole runs, seen by an audit hook of the interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Runs the command line given as arguments, and ends with 99 at the first connection, process or unpickled object.
WATCHED = """
import sys

FORBIDDEN = ("socket.connect", "socket.getaddrinfo", "socket.sendto", "urllib.Request", "pickle.find_class",
             "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork")

def watch(event, arguments):
    if event in FORBIDDEN:
        import os
        os.write(2, f"forbidden: {event} {arguments}".encode())
        os._exit(99)

sys.addaudithook(watch)
from ov_asr_score.__main__ import main
sys.argv[0] = "ov-asr-score"
main()
"""


def watched(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", WATCHED, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def of_repository(*arguments: str) -> tuple[str, ...]:
    return tuple(argument.replace("ROOT", str(ROOT)) for argument in arguments)


RUNS = {
    "a Kaldi model with references": of_repository(
        *("score", "-m", "ROOT/models/nnet3_chain_tdnnf/final.mdl", "-i", "ark:ROOT/data/kaldi/hires.ark"),
        *("-o", "ark:scores.ark", "-r", "ark:ROOT/data/kaldi/nnet3_chain_tdnnf.ark", "--report", "report.json"),
    ),
    "an IR to NPZ": of_repository(
        *("score", "-m", "ROOT/models/dnn_digits.xml", "-i", "ark:ROOT/data/dnn_digits/features.ark"),
        *("-o", "scores.npz", "--no-cache"),
    ),
    "a conversion": of_repository("convert", "ROOT/models/nnet3_tdnn/final.mdl", "-o", "tdnn.xml"),
    "a suite": of_repository("check", "ROOT/data/suite.toml", "--only", "kaldi", "--json", "check.json"),
}


@pytest.mark.parametrize("name", RUNS)
def test_runs_use_no_network_process_or_pickle(name: str, tmp_path: Path) -> None:
    done = watched(tmp_path, *RUNS[name])
    assert done.returncode == 0, done.stdout + done.stderr


def test_audit_hook_sees_allowed_command(tmp_path: Path) -> None:
    (tmp_path / "features.ark").write_bytes((ROOT / "data" / "dnn_digits" / "features.ark").read_bytes())
    model = str(ROOT / "models" / "dnn_digits.xml")
    command = ("score", "-m", model, "-i", "ark:cat features.ark |", "-o", "ark:scores.ark")
    assert watched(tmp_path, *command, "--allow-commands").returncode == 99
    refused = watched(tmp_path, *command)
    assert refused.returncode == 2, refused.stderr
    assert "--allow-commands" in refused.stderr
