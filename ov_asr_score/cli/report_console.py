"""The console that reports are printed on, and whether standard output is free for them."""

from __future__ import annotations

from rich.console import Console

from ov_asr_score.cli.table_texts import specifiers_of
from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.job import ScoreJob
from ov_asr_score.kaldi_io import parse_write_specifier

_STANDARD_OUTPUT = ("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")


class ReportConsole(Console):
    """A console for reports, on standard output unless ``stderr``; raises BrokenPipeError when its reader is gone."""

    def __init__(self, *, stderr: bool = False) -> None:
        """Numbers and paths are not coloured: a report reads the same everywhere."""
        super().__init__(stderr=stderr, highlight=False)

    def on_broken_pipe(self) -> None:
        """Raise the error again, where rich would leave with exit code 1: a failed comparison."""
        raise BrokenPipeError


def uses_standard_output(job: ScoreJob) -> bool:
    """Whether scores, the report or the trace go to standard output (``-``, ``ark:-``, ``scores=ark,t:-``)."""
    return (
        job.report in _STANDARD_OUTPUT
        or job.trace in _STANDARD_OUTPUT
        or any(_is_standard_output(specifier) for specifier in specifiers_of(job.outputs))
    )


def _is_standard_output(specifier: str) -> bool:
    try:
        parsed = parse_write_specifier(specifier)
    except OvAsrScoreError:
        return False
    return parsed.archive == "" or parsed.archive in _STANDARD_OUTPUT or parsed.script in _STANDARD_OUTPUT
