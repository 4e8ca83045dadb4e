"""Words that an interrupted run has found, so that the run which goes on need not score their utterances again.

They are kept beside the first file of words, under a hidden name: a line for what decides the words, one for each
utterance, and one at the end of a run that is complete. Each begins with a checksum: what follows the last line that is
whole is found anew. All files of words are written anew, from here and from what is scored now.
"""

from __future__ import annotations

import contextlib
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from ov_asr_score.errors import FileAccessError, UsageError
from ov_asr_score.job.resume.resuming import other_run
from ov_asr_score.job.resume.run_identity import digests, run_identity, spelled_option
from ov_asr_score.job.words.outcome import FoundUtterance, Outcome
from ov_asr_score.job.words.word_files import wants_times
from ov_asr_score.job.words.word_run import word_files_read
from ov_asr_score.kaldi_io import OutputFile
from ov_asr_score.kaldi_io.files.input import access_error
from ov_asr_score.kaldi_io.tables.resumable_output import PartialFile, hidden_path, why_not_resumable
from ov_asr_score.scoring.job_tables import JobTables
from ov_asr_score.settings.score_job import ScoreJob
from ov_asr_score.transcript.transcript import Alternative, Segment, Word

FORMAT = "ov-asr-score-words"
FORMAT_VERSION = 1

_COMPLETE = {"complete": True}


class KnownWords:
    """What is known, in the order of the run, and the file that takes what is found now."""

    def __init__(self, utterances: tuple[FoundUtterance, ...], file: OutputFile) -> None:
        """``file`` is open for writing behind what is known."""
        self.utterances = utterances
        self.keys = frozenset(each.key for each in utterances)
        self._file = file

    def add(self, found: FoundUtterance) -> None:
        """Keep an utterance, so that it is there if the process is killed after this. Raises FileAccessError."""
        outcomes = [_plain_outcome(each) for each in found.outcomes]
        self._file.write(_line({"key": found.key, "frames": found.num_frames, "outcomes": outcomes}))
        self._file.flush()

    def note_complete(self) -> None:
        """Write down that there is no more to come. Raises FileAccessError."""
        self._file.write(_line(_COMPLETE))
        self._file.flush()

    def close(self) -> None:
        """Close the file, which stays."""
        self._file.abort()


def check_words_resumable(job: ScoreJob) -> None:
    """Raise UsageError for words that could not be kept for a run that goes on."""
    for name in job.decoding.files.tables():
        if name == "lattice":
            raise UsageError(
                "resume: lattices are not kept between runs without outputs of scores; leave lattice or resume out",
                fields=("resume", "lattice", "outputs"),
            )
    _file_of_words(job)


def open_known_words(job: ScoreJob, tables: JobTables) -> KnownWords:
    """What is known of an earlier run of this job; nothing for a new one.

    Raises ResumeError (another run that is not complete), FileAccessError (another process is at it, no such folder).
    """
    name = _file_of_words(job)
    path = hidden_path(f"{name}words" if name.endswith("/") else name, "words.jsonl")
    if name.endswith("/"):
        _make_folder(Path(name))
    identity = run_identity(job, tables) | _words_identity(job)
    with contextlib.closing(PartialFile(path, path, name)) as file:
        header, utterances, size, complete = _read(path)
        if header != identity:
            if header and not complete:
                raise other_run(header, identity, path)
            utterances, size = (), 0
        output = file.continued(size)
    if not size:
        output.write(_line({"format": FORMAT, "format_version": FORMAT_VERSION, "run": identity}))
        output.flush()
    return KnownWords(utterances, output)


def _file_of_words(job: ScoreJob) -> str:
    """The first file of words beside which a hidden one can lie. Raises UsageError where there is none."""
    names = job.decoding.files.plain_files().values()
    found = next((name for name in names if name.endswith("/") or not why_not_resumable(name)), None)
    if found is None:
        raise UsageError(
            "resume: expected a file for the words (text FILE, transcript FILE), found none that is plain",
            fields=("resume", "text", "transcript"),
        )
    return found


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileAccessError(f"{folder}: cannot be made a folder: {error.strerror}") from error


def _words_identity(job: ScoreJob) -> dict[str, str]:
    """By option, texts that are equal for two runs exactly if both find the same words in the same scores."""
    decoding = job.decoding
    found = {spelled_option(name): digests(path) for name, path in word_files_read(decoding) if path}
    for bundle in (decoding.search, decoding.ctc, decoding.phrases):
        found |= {spelled_option(each.name): str(getattr(bundle, each.name)) for each in fields(bundle)}
    files = decoding.files
    found |= {"times of words": str(wants_times(files)), "alignment": files.alignment and files.alignment_as}
    found |= {spelled_option(name): str(getattr(files, name)) for name in ("nbest", "confidence")}
    return found | {spelled_option("row_shift"): str(decoding.row_shift_seconds)}


def _read(path: Path) -> tuple[dict[str, str], tuple[FoundUtterance, ...], int, bool]:
    """What decided the words, the utterances, the bytes of both, and whether they are all of the run.

    Nothing, and 0 bytes, where there is no line that is whole. Raises FileAccessError.
    """
    header: dict[str, str] = {}
    utterances: list[FoundUtterance] = []
    size = 0
    try:
        with path.open("rb") as file:
            for value, length in _whole_lines(file):
                if value == _COMPLETE:
                    return header, tuple(utterances), size, True
                if not size:
                    if (value["format"], value["format_version"]) != (FORMAT, FORMAT_VERSION):
                        break
                    header = dict(value["run"])
                else:
                    outcomes = tuple(map(_outcome, value["outcomes"]))
                    utterances.append(FoundUtterance(str(value["key"]), outcomes, int(value["frames"])))
                size += length
    except (KeyError, TypeError, ValueError):  # of another version
        pass
    except OSError as error:
        raise access_error(str(path), error) from error
    return header, tuple(utterances), size, False


def _whole_lines(lines: Iterator[bytes]) -> Iterator[tuple[Any, int]]:
    for line in lines:
        checksum, _, text = line.partition(b" ")
        if not line.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(text):
            return
        yield json.loads(text), len(line)


def _line(value: Mapping[str, object]) -> bytes:
    text = json.dumps(value).encode() + b"\n"
    return b"%08x %s" % (zlib.crc32(text), text)


def _plain_outcome(outcome: Outcome) -> dict[str, object]:
    return {
        "rows": outcome.num_frames,
        "best": asdict(outcome.best),
        "spoken": None if outcome.spoken == outcome.best else asdict(outcome.spoken),
        "partial": outcome.is_partial,
        "alignment": None if outcome.alignment is None else outcome.alignment.tolist(),
        "graph_cost": outcome.graph_cost,
        "acoustic_cost": outcome.acoustic_cost,
        "seconds": outcome.seconds,
    }


def _outcome(value: Mapping[str, Any]) -> Outcome:
    best, alignment = _segment(value["best"]), value["alignment"]
    return Outcome(
        best,
        best if value["spoken"] is None else _segment(value["spoken"]),
        int(value["rows"]),
        bool(value["partial"]),
        None if alignment is None else np.array(alignment, np.int32),
        None,
        float(value["graph_cost"]),
        float(value["acoustic_cost"]),
        float(value["seconds"]),
    )


def _segment(value: Mapping[str, Any]) -> Segment:
    alternatives = tuple(
        Alternative(**{**each, "words": tuple(Word(**word) for word in each["words"])})
        for each in value["alternatives"]
    )
    return Segment(**{**value, "alternatives": alternatives, "warnings": tuple(value["warnings"])})
