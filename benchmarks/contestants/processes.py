"""Contestants that run as separate processes: the old sample's method, and ``score`` from archive to archive."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.measuring.turns import Contestant
from benchmarks.models.archives import speech_lengths, write_features, write_vectors
from benchmarks.models.subjects import ROOT, Subject
from ov_asr_score.openvino_api import ov

ONE = 300
"""Frames of the utterance used to measure the startup and shutdown of a process."""


class CommandFailed(Exception):
    """The command of a contestant failed; the message is the end of its output."""


@dataclass(frozen=True, slots=True)
class Features:
    """Archives of one contestant: features and, if the model needs them, i-vectors; and their size."""

    archive: Path
    ivectors: Path | None
    frames: int
    utterances: int


def make_features(folder: Path, subject: Subject, lengths: Sequence[int], name: str) -> Features:
    """The archives in ``folder``, written if they do not exist."""
    archive = write_features(folder / f"{name}-{subject.dim}.ark", subject.dim, lengths)
    ivectors = None
    if subject.ivector:
        ivectors = write_vectors(folder / f"{name}-ivectors.ark", subject.ivector, len(lengths))
    return Features(archive, ivectors, sum(lengths), len(lengths))


def score_command(subject: Subject, features: str, output: str, precision: str, ivectors: Path | None) -> list[str]:
    """The command line of ``score``."""
    command = [sys.executable, "-m", "ov_asr_score", "score", "-m", str(subject.path), "-i", features]
    command += ["-o", output, f"--precision={precision}", "--quiet", *subject.score_options]
    if not subject.is_kaldi:
        return command
    # Other outputs of a Kaldi model would be computed and discarded.
    command += ["--output-name=output"]
    return command if ivectors is None else [*command, f"--ivectors=ark:{ivectors}"]


def score(
    name: str, subject: Subject, features: Features, precision: str, folder: Path, output: str = ""
) -> Contestant:
    """``score`` as a process; its time includes startup, cached conversion, compilation, reading and writing."""
    target = folder / f"scores-{subject.name}.ark"
    specifier = output or f"ark:{target}"
    command = score_command(subject, f"ark:{features.archive}", specifier, precision, features.ivectors)

    def run() -> tuple[float, float]:
        seconds = run_command(command, environment(folder))
        target.unlink(missing_ok=True)
        return features.frames, seconds

    return Contestant(name, run)


def environment(folder: Path) -> dict[str, str]:
    """The environment of all commands: the package of this repository, and a separate cache."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return os.environ | {"PYTHONPATH": path, "OV_ASR_SCORE_CACHE": str(folder / "cache")}


def run_command(command: Sequence[str], variables: dict[str, str], folder: Path = ROOT) -> float:
    """Seconds that the command took in ``folder``. Raises CommandFailed."""
    started = time.perf_counter()
    done = subprocess.run(command, env=variables, cwd=folder, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - started
    if done.returncode:
        words = " ".join(command[:6])
        raise CommandFailed(f"{words} …: exit code {done.returncode}: {done.stderr.strip()[-500:]}")
    return seconds


class OldWay:
    """The old sample's method in a separate process, which waits between its turns. A context manager."""

    def __init__(self, name: str, python: str, model: Path, precision: str, seconds: float) -> None:
        """Start ``python``; every turn takes ``seconds``."""
        script = str(Path(__file__).with_name("old_way.py"))
        variables = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        self._process = subprocess.Popen(
            [python, script, str(model), precision, str(seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=variables,
        )
        self._name = name

    def __enter__(self) -> OldWay:
        """This object, once its model is compiled."""
        answer = self._answer()
        self.openvino = str(answer["openvino"]).split("-", maxsplit=1)[0]
        self.at_once = int(answer["at_once"])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process."""
        with ExitStack() as stack:
            stack.callback(self._process.wait)
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    stack.callback(pipe.close)

    def contestant(self) -> Contestant:
        """The contestant that takes turns."""
        return Contestant(self._name, self._run)

    def _run(self) -> tuple[float, float]:
        if self._process.stdin is not None:
            self._process.stdin.write("\n")
            self._process.stdin.flush()
        answer = self._answer()
        return float(answer["frames"]), float(answer["seconds"])

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise CommandFailed(f"{self._name}: ended by itself, exit code {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def save_framewise(subject: Subject, frames: int, folder: Path) -> Path:
    """The path of the IR with ``frames`` frames per request."""
    path = folder / f"{subject.name}-framewise-{frames}.xml"
    ov.save_model(subject.framewise(frames), str(path), compress_to_fp16=False)
    return path


def frames_for(speed: float, seconds: float, most: float) -> int:
    """Frames for a run of about ``seconds``, in coarse steps, so that archives of earlier runs can be reused."""
    wanted = min(speed * seconds, most)
    step = 1000
    while step * 1.25 < wanted:
        step = step * 3 // 2
    return min(step, int(most))


def one_utterance(folder: Path, subject: Subject) -> Features:
    """A single utterance, to measure the startup and shutdown of a process."""
    return make_features(folder, subject, [ONE], "one")


def read_speech(folder: Path, subject: Subject, frames: int) -> Features:
    """Utterances with ``frames`` frames in total and lengths as in read speech."""
    return make_features(folder, subject, speech_lengths(frames), f"speech-{frames}")
