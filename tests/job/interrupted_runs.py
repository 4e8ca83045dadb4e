"""Run a job in processes of its own that are killed (SIGKILL) at some moment, again and again, until one is not.

A kill comes after a number of function calls, so that it can fall between any two of them, or after some time. Files
are buffered in small pieces, so that what is left of them ends anywhere.

``python -m tests.job.interrupted_runs MODEL FEATURES FOLDER SEED ROUNDS`` prints a line of JSON for every round:
``kills``, ``kept`` (whole entries before the first run and after each), ``resumed`` (taken over by the last run).
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

from ov_asr_score.job import ScoreJob, run_job
from ov_asr_score.kaldi_io import parse_write_specifier
from ov_asr_score.kaldi_io.files import output as atomic
from ov_asr_score.kaldi_io.tables import resumable_output as partial
from ov_asr_score.kaldi_io.tables.resumable_output import find_whole_entries, hidden_path

OUTPUTS = {"scores": "ark,scp:scores.ark,scores.scp", "hidden": "ark,t:hidden.txt"}
MOST_KILLS = 4


def job_of(model: str, features: str, *, resume: bool = True) -> ScoreJob:
    return ScoreJob(model=model, inputs=[features], outputs=OUTPUTS, resume=resume)


def run_killed(
    job: ScoreJob, calls: int = 0, seconds: float = 0.0, *, all_threads: bool = False
) -> dict[str, int] | None:
    """What a run in a child process counted; None when it was killed after so many ``calls`` or ``seconds``."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        counted = 0

        def count(frame: FrameType, event: str, argument: Any) -> None:
            nonlocal counted
            counted += 1
            if counted == calls:
                os.kill(os.getpid(), signal.SIGKILL)

        if all_threads:  # those that read and score, too
            threading.setprofile(count)
        sys.setprofile(count)
        report = run_job(job)
        sys.setprofile(None)
        told = {"calls": counted, "utterances": report.totals.utterances, "resumed": report.totals.resumed_utterances}
        os.write(writing, json.dumps(told).encode())
        os._exit(0)
    os.close(writing)
    if seconds:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    with open(reading, "rb") as pipe:  # noqa: PTH123
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    if not text and os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
        raise SystemExit("the run failed")
    return json.loads(text) if text else None


def whole_entries() -> int:
    """Entries that are whole in all outputs, under hidden or final names."""
    counts = []
    for specifier in OUTPUTS.values():
        given = parse_write_specifier(specifier)
        names = [name for name in (given.archive, given.script) if name is not None]
        places = [next(filter(Path.exists, (hidden_path(name, "partial"), Path(name))), None) for name in names]
        if None in places:
            return 0
        archive, script = (*places, None)[:2]
        counts.append(find_whole_entries(given, archive or Path(), script).count)
    return min(counts)


def main(model: str, features: str, folder: str, seed: str, rounds: str) -> None:
    """Do the rounds."""
    partial.BUFFER_BYTES = 64  # type: ignore[attr-defined]
    atomic.FLUSH_SECONDS = 0.0
    choose = random.Random(int(seed))
    job = job_of(model, features)
    for number in range(-1, int(rounds)):
        place = Path(folder) / f"round{number}"
        place.mkdir()
        os.chdir(place)
        if number < 0:  # an undisturbed run tells how many calls there are
            started = time.perf_counter()
            calls = (run_killed(job) or {})["calls"]
            length = time.perf_counter() - started
            continue
        kept, kills = [0], 0
        for _ in range(choose.randint(1, MOST_KILLS)):
            # a round of its own for the end of the run, where files get their names
            span = (0.97, 1.0) if number % 4 == 3 else (0.0, 1.0)
            by_time = number % 5 == 4
            share = choose.uniform(*span)
            seconds = share * length if by_time else 0.0
            done = run_killed(job, 0 if by_time else int(share * calls), seconds, all_threads=number % 4 == 1)
            kills += done is None
            kept.append(whole_entries())
        last = run_killed(job)
        print(json.dumps({"kills": kills, "kept": kept, **(last or {})}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
