"""Compute features, and write them as a table."""

from __future__ import annotations

import struct
from contextlib import ExitStack

import numpy as np

from ov_asr_score.errors import OvAsrScoreError, UsageError
from ov_asr_score.frontend.frontend import Frontend
from ov_asr_score.frontend.named_files import named_files
from ov_asr_score.frontend.opening import open_frontend
from ov_asr_score.frontend.reading import Reading, read_features
from ov_asr_score.frontend.sources import is_sound, source_files, table_of
from ov_asr_score.job.outputs.overwriting import NamedFiles, check_files, files_read, files_written
from ov_asr_score.job.outputs.written_table import WrittenTable
from ov_asr_score.kaldi_io import (
    OutputFile,
    TableWriter,
    WriteSpecifier,
    open_output,
    parse_read_specifier,
    parse_write_specifier,
)
from ov_asr_score.settings.path_map import parse_path_map
from ov_asr_score.settings.speech.feature_jobs import FeaturesJob


def write_features(job: FeaturesJob) -> WrittenTable:
    """Write the features of the job's sources, one utterance at a time.

    Raises UsageError where nothing is asked for, or settings do not fit together, and what reading and writing raise;
    where errors are skipped only for what stops everything.
    """
    if is_sound(job.target):  # the table was forgotten: the last recording must not be written over
        raise UsageError(
            f"target {job.target}: expected a table to write, such as ark:feats.ark, behind the sources; found sound",
            fields=("target",),
        )
    frontend = open_frontend(job.frontend, job.sources, job.computation, allow_commands=job.allow_commands)
    if frontend is None:
        raise UsageError(
            f"sources {', '.join(job.sources)}: expected sound, or steps that follow features, found neither; "
            "wav,scp:FILE is a list of sound, and copy-table copies tables",
            fields=("sources",),
        )
    path_map = parse_path_map(job.path_map)
    check_files(_read_by(job), _written_by(job, frontend))
    skipped: list[tuple[str, str]] = []

    def skip(key: str, error: OvAsrScoreError) -> None:
        skipped.append((key, str(error)))

    how = Reading(job.allow_commands, path_map, skip if job.on_error == "skip" else None, job.shard)
    count = 0
    with ExitStack() as stack:
        if frontend.chain is not None:
            stack.enter_context(frontend.chain)
        writer = stack.enter_context(
            TableWriter(job.target, compression_method=job.compression_method, allow_commands=job.allow_commands)
        )
        lengths = stack.enter_context(open_output(job.utt2num_frames)) if job.utt2num_frames else None
        durations = stack.enter_context(_open_durations(target, job)) if (target := _durations_of(frontend)) else None
        for utterance in read_features(job.sources, frontend, how):
            writer.write(utterance.key, utterance.features)
            key = utterance.key.encode("utf-8", "surrogateescape")
            if lengths is not None:
                lengths.write(key + f" {len(utterance.features)}\n".encode())
            if durations is not None and utterance.seconds is not None:
                durations.write(key + b" " + _number(utterance.seconds, target))
            count += 1
    return WrittenTable(count, tuple(skipped), frontend.notes)


def _durations_of(frontend: Frontend) -> WriteSpecifier | None:
    """Where the durations of utterances go, as ``write_utt2dur`` of compute-mfcc-feats says."""
    name = frontend.features.utterance.write_utt2dur if frontend.features is not None else ""
    return parse_write_specifier(name) if name else None


def _open_durations(target: WriteSpecifier, job: FeaturesJob) -> OutputFile:
    if target.archive is None or target.script is not None or target.form != "kaldi":
        raise UsageError(
            f"write_utt2dur: expected ark,t:FILE or ark:FILE, found {target.original}", fields=("write_utt2dur",)
        )
    return open_output(target.archive, allow_commands=job.allow_commands)


def _number(value: float, target: WriteSpecifier | None) -> bytes:
    """A number as Kaldi writes it in a table (base/io-funcs.cc, ``WriteBasicType``; ``BasicHolder``)."""
    if target is not None and target.text:
        return f"{np.float32(value):.7g} \n".encode()
    return b"\0B\4" + struct.pack("<f", value)


def _read_by(job: FeaturesJob) -> NamedFiles:
    path_map = parse_path_map(job.path_map)
    for source in job.sources:
        if is_sound(source):
            yield from (("sources", name) for name in source_files(source, path_map))
        else:
            yield from files_read("sources", parse_read_specifier(table_of(source), path_map))
    yield from named_files(job.frontend)
    for name in ("vtln_map", "utt2spk"):
        if table := getattr(job.computation.utterance, name):
            yield from files_read(name, table)


def _written_by(job: FeaturesJob, frontend: Frontend) -> NamedFiles:
    yield from files_written("target", job.target)
    if job.utt2num_frames:
        yield "utt2num_frames", job.utt2num_frames
    if (target := _durations_of(frontend)) is not None:
        yield "write_utt2dur", target.archive or ""
