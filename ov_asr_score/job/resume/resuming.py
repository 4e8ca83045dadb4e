"""Resume an interrupted run: its outputs under hidden names, and beside the first of them a record of the run.

The run is gone through from its beginning: utterances whose scores are whole in all outputs are read again, features
and scores, and counted and compared as if they had been scored; then scoring goes on. The record says what decides the
bytes of the run, and at the end that all was written, so that a run which is broken off while its outputs get their
names, or which is complete, is known.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import ResumeError, UsageError
from ov_asr_score.job.resume.run_identity import run_identity
from ov_asr_score.kaldi_io import OutputFile, parse_write_specifier, read_table
from ov_asr_score.kaldi_io.files.input import access_error, open_path
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from ov_asr_score.kaldi_io.specifier import ReadSpecifier, WriteSpecifier
from ov_asr_score.kaldi_io.tables.archive import archive_entries
from ov_asr_score.kaldi_io.tables.resumable_output import (
    PartialFile,
    WholeEntries,
    check_resumable,
    find_whole_entries,
    hidden_path,
)
from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.job_tables import JobTables
from ov_asr_score.scoring.plan import Plan
from ov_asr_score.scoring.requests.cut import no_scores
from ov_asr_score.scoring.requests.pending_scores import UtteranceScores
from ov_asr_score.scoring.utterances.joining import Utterance
from ov_asr_score.settings.score_job import ScoreJob

FORMAT = "ov-asr-score-resume"
FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Earlier:
    """What is there of an earlier run, open for writing on: ``count`` utterances, whole in all outputs.

    ``complete`` says that the earlier run wrote all that it had to.
    """

    count: int
    complete: bool
    record_path: Path
    record: Mapping[str, Any]
    open_files: Mapping[str, OutputFile]  # by the name that the specifiers give
    archives: Mapping[str, Path]  # by layer, where the archive is now

    def open_file(self, name: str) -> OutputFile:
        """The file for a name in an output's specifier, behind what is kept of it."""
        return self.open_files[name]

    def note_on_machine(self, machine: Mapping[str, str]) -> str:
        """What to tell when the earlier run had another processor or plan; empty when there is nothing to tell."""
        other = [name for name, value in machine.items() if self.record["machine"].get(name) != value]
        if not self.count or not other:
            return ""
        return f"resumed with another {', '.join(other)}: scores may differ in their last bits from those before"

    def keys(self) -> Iterator[str]:
        """The keys of the utterances that are there."""
        with open_path(str(next(iter(self.archives.values())))) as file:
            entries = archive_entries(KaldiStream(file, file.name))
            for _ in range(self.count):
                yield next(entries)[0]

    def read_back(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Key and scores by layer of every utterance that is there. Raises ResumeError where outputs differ in keys."""
        tables = {
            layer: read_table(ReadSpecifier("ark", str(path), original=str(path)))
            for layer, path in self.archives.items()
        }
        for _ in range(self.count):
            entries = {layer: next(table) for layer, table in tables.items()}
            keys = {key for key, _ in entries.values()}
            if len(keys) != 1:
                raise self.mismatch(f"the outputs differ: found utterances {', '.join(map(repr, sorted(keys)))}")
            yield keys.pop(), {layer: array for layer, (_, array) in entries.items()}

    def mismatch(self, message: str) -> ResumeError:
        """An error that says how to begin anew."""
        text = f"resume: {message}; remove {self.record_path} to score everything anew"
        return ResumeError(text, fields=("resume",))

    def note_complete(self) -> None:
        """Write down that all outputs are whole, and only lack their names. Raises FileAccessError."""
        places = {name: output.part_path for name, output in self.open_files.items()}
        files = {name: _fingerprint(place) for name, place in places.items() if place is not None}
        _write_record(self.record_path, {**self.record, "complete": files})


def check_can_resume(job: ScoreJob, tables: JobTables) -> None:
    """Raise UsageError for a job that could not be resumed after an interruption."""
    if job.export_model:
        raise UsageError("resume cannot be combined with export_model", fields=("resume", "export_model"))
    if not tables.outputs and job.decoding.is_wanted and not tables.references:
        from ov_asr_score.job.resume.known_words import check_words_resumable

        check_words_resumable(job)
        return
    if not tables.outputs:
        raise UsageError(
            "resume: expected outputs that scores are written to, found none", fields=("resume", "outputs")
        )
    for specifier in tables.outputs.values():
        check_resumable(parse_write_specifier(specifier))
    for layer in tables.references:
        if layer not in tables.outputs:
            raise UsageError(
                f"resume: references {layer}: is compared with what was written before; add outputs {layer}=…",
                fields=("resume", "references", "outputs"),
            )
    if tables.references and job.compression_method is not None:
        raise UsageError(
            "resume: what is written with compression_method is not what is compared (references); leave one out",
            fields=("resume", "compression_method", "references"),
        )


@contextlib.contextmanager
def open_earlier(job: ScoreJob, tables: JobTables, machine: Mapping[str, str]) -> Iterator[Earlier]:
    """What is there of an earlier run of this job, its files locked; nothing of it (count 0) for a new one.

    ``machine`` says on what it runs, and with which plan; it is written down.

    Raises ResumeError (another run, a damaged record), FileAccessError (another process is at it, no such folder).
    """
    outputs = {layer: parse_write_specifier(specifier) for layer, specifier in tables.outputs.items()}
    names = [name for output in outputs.values() for name in (output.archive, output.script) if name is not None]
    record_path = hidden_path(names[0], "resume.json")
    identity = run_identity(job, tables)
    with contextlib.ExitStack() as stack:
        record = _read_record(record_path)
        complete = record is not None and record["complete"] is not None
        if record is not None and record["run"] != identity:
            if not complete:
                raise other_run(record["run"], identity, record_path)
            record = None  # that run is over; this is another one
        places = {name: _place_of(name, record) for name in names}
        if None in places.values():  # an output of the complete run was changed or removed since
            record = None
        if record is None:
            complete = False
            places = {name: hidden_path(name, "partial") for name in names}
        files = {}
        for name, place in places.items():
            target = Path(os.path.realpath(name))
            files[name] = stack.enter_context(contextlib.closing(PartialFile(place or target, target, name)))
        kept = _kept_entries(outputs, files) if record is not None else dict.fromkeys(outputs, WholeEntries(0, 0, 0))
        if record is None:
            record_path.unlink(missing_ok=True)  # of a run that is over
            record = {"format": FORMAT, "format_version": FORMAT_VERSION, "run": identity}
            record |= {"machine": dict(machine), "complete": None}
        open_files = {}
        for layer, output in outputs.items():
            sizes = {output.archive: kept[layer].archive_bytes, output.script: kept[layer].script_bytes}
            for written, size in sizes.items():
                if written is not None:
                    open_files[written] = stack.enter_context(contextlib.closing(files[written].continued(size)))
        if not record_path.exists():
            _write_record(record_path, record)
        yield Earlier(
            count=min(entries.count for entries in kept.values()),
            complete=complete,
            record_path=record_path,
            record=record,
            open_files=open_files,
            archives={layer: files[output.archive or ""].path for layer, output in outputs.items()},
        )


def mark_scored(earlier: Earlier, utterances: Iterator[Utterance]) -> Iterator[Utterance]:
    """The utterances, those marked whose scores are there already.

    All are to go through the engine, so that requests hold the same frames as in a run without a break: how a matrix
    product is worked out may depend on its size. An utterance that has no scores, though later ones have, could not be
    scored, and fails again. Raises ResumeError where what is there is not in the input.
    """
    keys = earlier.keys()
    key = next(keys, None)
    for utterance in utterances:
        if utterance.key != key:
            yield utterance
            continue
        key = next(keys, None)
        yield replace(utterance, is_scored=True)
    if key is not None:
        raise earlier.mismatch(f"utterance {key!r} is there, but not in the input")


def restore_scored(
    earlier: Earlier, results: Iterator[UtteranceScores], ports: Mapping[str, PortInfo], plan: Plan
) -> Iterator[UtteranceScores]:
    """``results``, those of marked utterances with the scores that are there.

    ``ports`` are the model's outputs by layer. Raises ResumeError where other utterances are there.
    """
    entries = earlier.read_back()
    for number, scored in enumerate(results):
        if number >= earlier.count:
            if earlier.complete:
                raise earlier.mismatch(f"the run was complete, but the input now holds {scored.key!r} besides")
            yield scored
            continue
        key, arrays = next(entries)
        if key != scored.key:
            raise earlier.mismatch(f"no scores of utterance {scored.key!r} are there, but those of later ones")
        scores = {ports[layer].name: _as_scores(array, ports[layer], plan) for layer, array in arrays.items()}
        yield replace(scored, scores=scores)


def _as_scores(array: NDArray[Any], port: PortInfo, plan: Plan) -> NDArray[np.float32]:
    """Scores as the model gave them: in a file those without frames have no columns."""
    return np.atleast_2d(np.asarray(array, np.float32)) if array.size else no_scores(port, plan)


def _kept_entries(outputs: Mapping[str, WriteSpecifier], files: Mapping[str, PartialFile]) -> dict[str, WholeEntries]:
    """Of each output the entries that all have."""

    def find(layer: str, limit: int | None = None) -> WholeEntries:
        output = outputs[layer]
        script = files[output.script].path if output.script is not None else None
        return find_whole_entries(output, files[output.archive or ""].path, script, limit)

    whole = {layer: find(layer) for layer in outputs}
    count = min(entries.count for entries in whole.values())
    return {layer: entries if entries.count == count else find(layer, count) for layer, entries in whole.items()}


def _place_of(name: str, record: Mapping[str, Any] | None) -> Path | None:
    """Where a file of the run of ``record`` is: under its hidden name or, if the run is complete, under its own.

    None when it is complete and the file is not as the run left it.
    """
    hidden = hidden_path(name, "partial")
    if record is None or record["complete"] is None:
        return hidden
    target = Path(os.path.realpath(name))
    known = record["complete"].get(name)
    return next((place for place in (hidden, target) if known is not None and _fingerprint(place) == known), None)


def _fingerprint(path: Path) -> list[int] | None:
    """Size, time and number of a file, which a new name does not change; None when it is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns, status.st_ino]


def _read_record(path: Path) -> dict[str, Any] | None:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise access_error(str(path), error) from error
    try:
        record = json.loads(text)
        if (record["format"], record["format_version"]) == (FORMAT, FORMAT_VERSION):
            return {"format": FORMAT, "format_version": FORMAT_VERSION, **_checked(record)}
        raise ValueError
    except (ValueError, KeyError, TypeError) as error:
        raise ResumeError(f"{path}: expected the record of an interrupted run; remove it to score anew") from error


def _checked(record: Mapping[str, Any]) -> dict[str, Any]:
    run, machine, complete = record["run"], record["machine"], record["complete"]
    if not isinstance(run, dict) or not isinstance(machine, dict) or not isinstance(complete, dict | None):
        raise TypeError
    return {"run": run, "machine": machine, "complete": complete}


def _write_record(path: Path, record: Mapping[str, Any]) -> None:
    """Replace the record; its temporary name is the same in every run, so that killed ones leave no more than one."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("w", encoding="utf-8") as file:
            json.dump(record, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise access_error(str(path), error) from error


def other_run(before: Mapping[str, str], now: Mapping[str, str], path: Path) -> ResumeError:
    """An error that names what is not as ``before``, and says how to begin anew."""
    other = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    return ResumeError(
        f"resume: what is there is of a run with another {', '.join(other)}; give the same again, or remove {path} "
        "to score everything anew",
        fields=("resume",),
    )
