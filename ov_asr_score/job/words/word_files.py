"""Files that get the words of a run, one utterance at a time; a transcript is written at the end.

Tests: tests/job/test_decode.py
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, TypeVar

from ov_asr_score.errors import UsageError
from ov_asr_score.job.outputs.overwriting import NamedFiles, files_written
from ov_asr_score.job.words.outcome import Outcome
from ov_asr_score.job.words.recording_places import RecordingPlaces, load_places
from ov_asr_score.job.words.transcript_files import TranscriptFiles
from ov_asr_score.kaldi_io import OutputFile, TableWriter, open_output
from ov_asr_score.lattice.archive import LatticeWriter
from ov_asr_score.settings.words.captions import CaptionOptions
from ov_asr_score.settings.words.word_outputs import WordFiles
from ov_asr_score.transcript.lines.ctm import kaldi_ctm_lines
from ov_asr_score.transcript.lines.kaldi_text import nbest_lines, text_line
from ov_asr_score.transcript.transcript import Segment, best_words

Writer = TypeVar("Writer", bound=AbstractContextManager[Any])


class WordWriters:
    """The open files of a run; those that are not asked for are None."""

    def __init__(
        self,
        files: WordFiles,
        places: RecordingPlaces,
        transcript: TranscriptFiles | None,
        stack: ExitStack,
        *,
        allow_commands: bool,
    ) -> None:
        """Open the files in ``stack``, at whose end they get their names. Raises UsageError, FileAccessError."""
        self._places, self._transcript = places, transcript

        def opened(name: str) -> OutputFile | None:
            return stack.enter_context(open_output(name, allow_commands=allow_commands)) if name else None

        self._text = opened(files.text)
        self._ctm = opened(files.ctm)
        self._nbest_text = opened(files.nbest_text)
        self._nbest_costs = opened(files.nbest_costs)
        self._alignment = (
            stack.enter_context(TableWriter(files.alignment, allow_commands=allow_commands))
            if files.alignment
            else None
        )
        self._lattice = (
            stack.enter_context(LatticeWriter(files.lattice, allow_commands=allow_commands)) if files.lattice else None
        )

    def write(self, outcome: Outcome) -> None:
        """Write an utterance; one without words is left out, as Kaldi's decoders do. Raises FileAccessError."""
        spoken = self._places.placed(outcome.spoken)
        if self._transcript is not None:
            self._transcript.add(spoken)
        if not outcome.has_words:
            return
        _write(self._text, [text_line(outcome.key, best_words(outcome.best))])
        if self._ctm is not None:
            _write(self._ctm, kaldi_ctm_lines(spoken))
        _write(self._nbest_text, nbest_lines(outcome.best))
        _write(self._nbest_costs, _cost_lines(outcome.best))
        if self._alignment is not None and outcome.alignment is not None:
            (self._alignment.write if outcome.alignment.ndim == 1 else self._alignment.write_pairs)(
                outcome.key, outcome.alignment
            )
        if self._lattice is not None and outcome.lattice is not None:
            self._lattice.write(outcome.key, outcome.lattice)

    def finish(self) -> None:
        """Write what is written at the end, and sync everything, so that only the names are left to give."""
        if self._transcript is not None:
            self._transcript.finish()
        for output in (self._text, self._ctm, self._nbest_text, self._nbest_costs):
            if output is not None:
                output.finish()
        for table in (self._alignment, self._lattice):
            if table is not None:
                table.finish()


@contextmanager
def open_word_files(
    files: WordFiles,
    captions: CaptionOptions,
    *,
    model: str = "",
    acoustic_scale: float = 1.0,
    allow_commands: bool = False,
) -> Iterator[WordWriters]:
    """The files of a run, which get their names at the end, and are not there after an exception."""
    places = load_places(files.data_dir if wants_times(files) else "", allow_commands=allow_commands)
    with ExitStack() as stack:
        transcript = None
        if files.transcript:
            transcript = TranscriptFiles(
                files,
                captions,
                places,
                stack,
                model=model,
                acoustic_scale=acoustic_scale,
                allow_commands=allow_commands,
            )
        yield WordWriters(files, places, transcript, stack, allow_commands=allow_commands)


def word_files_written(files: WordFiles) -> NamedFiles:
    """The files that are written, each with the setting that names it. Raises SpecifierError."""
    yield from ((name, path) for name, path in files.plain_files().items() if not path.endswith("/"))
    for name, specifier in files.tables().items():
        yield from files_written(name, specifier)


def check_word_files(files: WordFiles) -> None:
    """Raise UsageError for files that nothing would be written to."""
    if files.nbest > 1 and not (files.nbest_text or files.nbest_costs or files.transcript):
        raise UsageError("nbest: expected a file for the n best (nbest_text FILE)", fields=("nbest", "nbest_text"))
    if files.confidence != "none" and not wants_times(files):
        raise UsageError(
            "confidence: expected a file that shows it (ctm FILE or transcript FILE), found none",
            fields=("confidence", "ctm", "transcript"),
        )


def wants_times(files: WordFiles) -> bool:
    """Whether times of words are written anywhere."""
    return bool(files.ctm or files.transcript)


def _write(output: OutputFile | None, lines: Iterator[str] | list[str]) -> None:
    if output is None:
        return
    for line in lines:
        output.write(line.encode("utf-8", "surrogateescape"))
    if not output.is_plain_file:
        output.flush()  # somebody may wait for it


def _cost_lines(segment: Segment) -> Iterator[str]:
    """The costs of each alternative as ``nbest-to-linear`` writes them, both in a line."""
    for number, each in enumerate(segment.alternatives, start=1):
        yield f"{segment.utterance}-{number} {each.graph_cost:.6g} {each.acoustic_cost:.6g}\n"
