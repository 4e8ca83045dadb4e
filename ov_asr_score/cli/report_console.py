"""The console that reports are printed on, and whether standard output is free for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.console import Console

from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.job import ScoreJob
from ov_asr_score.kaldi_io import parse_write_specifier
from ov_asr_score.scoring.layer_specs import split_name, split_specifiers

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
    """Whether scores or the JSON report go to standard output (``-``, ``ark:-``, ``scores=ark,t:-``)."""
    if job.report in _STANDARD_OUTPUT:
        return True
    if isinstance(job.outputs, Mapping):
        return any(_is_standard_output(specifier) for specifier in job.outputs.values())
    return any(_is_standard_output(specifier) for text in job.outputs for specifier in _specifiers(text))


def _specifiers(text: str) -> Iterable[str]:
    """Specifiers in one text of -o, whose layers are not known before the model is loaded: any word may be one."""

    def may_be_layer(name: str) -> bool:
        return bool(name)

    try:
        return [split_name(item, may_be_layer)[1] for item in split_specifiers(text, may_be_layer)]
    except OvAsrScoreError:
        return ()  # what is wrong with it is said by those who open it


def _is_standard_output(specifier: str) -> bool:
    try:
        parsed = parse_write_specifier(specifier)
    except OvAsrScoreError:
        return False
    return parsed.archive == "" or parsed.archive in _STANDARD_OUTPUT or parsed.script in _STANDARD_OUTPUT
