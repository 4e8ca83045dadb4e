"""The transcript of a run: one file, or a folder with a file for each recording."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from ov_asr_score.errors import FileAccessError, UsageError
from ov_asr_score.job.words.recording_places import RecordingPlaces
from ov_asr_score.kaldi_io import OutputFile, open_output
from ov_asr_score.report.transcript_views import VIEWS, ViewOptions, encoded, view, view_of_file
from ov_asr_score.settings.words.captions import CaptionOptions, check_captions
from ov_asr_score.settings.words.word_outputs import WordFiles
from ov_asr_score.text import shown_key
from ov_asr_score.transcript.assembling import assemble_transcript, split_recordings
from ov_asr_score.transcript.transcript import Segment, Transcript, recording_name


class TranscriptFiles:
    """Takes the segments of a run, and writes their transcript at its end."""

    def __init__(
        self,
        files: WordFiles,
        captions: CaptionOptions,
        places: RecordingPlaces,
        stack: ExitStack,
        *,
        model: str,
        acoustic_scale: float,
        allow_commands: bool,
    ) -> None:
        """Open the file in ``stack``, at whose end it gets its name. Raises UsageError, FileAccessError."""
        self._target, self._model, self._places = files.transcript, model, places
        self._folder = Path(self._target) if self._target.endswith("/") or Path(self._target).is_dir() else None
        self._view = _view_name(files, self._folder)
        self._options = ViewOptions(captions, places.sides or None, acoustic_scale=acoustic_scale)
        self._allow_commands = allow_commands
        self._segments: list[Segment] = []
        self._output: OutputFile | None = None
        check_captions(captions)
        if self._folder is None:
            self._output = stack.enter_context(open_output(self._target, allow_commands=allow_commands))
        else:
            _make(self._folder)

    def add(self, segment: Segment) -> None:
        """Keep a segment. Raises UsageError at the second recording for views that can show one only."""
        self._segments.append(segment)
        one_only = self._folder is None and VIEWS[self._view].of_one_recording
        if one_only and recording_name(segment) != recording_name(self._segments[0]):
            raise UsageError(
                f"transcript {self._target}: expected one recording, found {shown_key(recording_name(segment))}, too; "
                "name a folder (DIR/) and transcript_format, to write a file for each",
                fields=("transcript", "transcript_format"),
            )

    def finish(self) -> None:
        """Write what was kept: a file gets its name later, those in a folder at once."""
        whole = assemble_transcript(self._segments, model=self._model)
        options = self._options
        if self._view == "html":
            names = set(map(recording_name, self._segments))
            sounds = self._places.sounds(names, allow_commands=self._allow_commands)
            options = ViewOptions(options.captions, options.sides, sounds, options.acoustic_scale)
        if self._output is not None:
            self._output.write(self._bytes(whole, options))
            self._output.finish()
        elif self._folder is not None:
            suffix = VIEWS[self._view].suffix or VIEWS[self._view].suffix_in_folders
            recordings = split_recordings(whole)
            for name, transcript in zip(_file_names(recordings), recordings.values(), strict=True):
                with open_output(str(self._folder / f"{name}{suffix}")) as output:
                    output.write(self._bytes(transcript, options))

    def _bytes(self, transcript: Transcript, options: ViewOptions) -> bytes:
        return encoded(view(transcript, self._view, options))


def _view_name(files: WordFiles, folder: Path | None) -> str:
    name = files.transcript_format
    if not name and folder is not None:
        raise UsageError(
            f"transcript_format: expected the format of the files in {folder}, found none",
            fields=("transcript_format",),
        )
    if name and name not in VIEWS:
        known = ", ".join(VIEWS)
        raise UsageError(f"transcript_format: expected one of {known}, found {name!r}", fields=("transcript_format",))
    return name or view_of_file(files.transcript)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileAccessError(f"{folder}: cannot be made a folder: {error.strerror}") from error


def _file_names(recordings: Iterable[str]) -> list[str]:
    """The keys of recordings as names of files: they can hold slashes, and must not become the same."""
    names: dict[str, None] = {}
    for recording in recordings:
        name = base = recording.replace("/", "_").lstrip(".") or "_"
        number = 1
        while name in names:
            number += 1
            name = f"{base}-{number}"
        names[name] = None
    return list(names)
