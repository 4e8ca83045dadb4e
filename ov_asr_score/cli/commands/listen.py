"""``ov-asr-score listen``."""

from __future__ import annotations

import sys
from dataclasses import replace

import typer

from ov_asr_score.cli.failures import EXIT_INTERRUPTED
from ov_asr_score.settings.recognition.listen_job import ListenJob


def listen(job: ListenJob) -> None:
    """Words while somebody speaks, from the microphone or from standard input.

    `ov-asr-score listen MODEL_DIR`; `arecord -f S16_LE -r 16000 | ov-asr-score listen MODEL_DIR -`

    Ctrl-C ends it, after what was said until then.
    """
    from ov_asr_score.cli.report_console import ReportConsole
    from ov_asr_score.decoding.token_passing.first_use import telling
    from ov_asr_score.job.listen import run_listening
    from ov_asr_score.report.console.live_words import LiveWords

    words = LiveWords(ReportConsole(), ReportConsole(stderr=True), job.partials, each_word=job.words)
    with words as listener, telling(listener.note):
        heard = run_listening(replace(job, command=sys.argv), listener)
    if heard.was_stopped and job.source:
        raise typer.Exit(EXIT_INTERRUPTED)  # there may be more to read
