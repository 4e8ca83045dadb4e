"""Compute online i-vectors of stored features, and write them as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

from ov_asr_score.audio.lists.speakers import read_spk2utt
from ov_asr_score.errors import MissingUtteranceError, OvAsrScoreError, ShapeMismatchError, UsageError
from ov_asr_score.frontend.sources import is_sound
from ov_asr_score.ivector.extraction import extract_ivectors
from ov_asr_score.ivector.extractor import load_extractor
from ov_asr_score.ivector.utterance_queue import IvectorUtterance
from ov_asr_score.job.outputs.overwriting import NamedFiles, check_files, files_read, files_written
from ov_asr_score.job.outputs.written_table import WrittenTable
from ov_asr_score.kaldi_io import KeyedTable, TableWriter, open_table, parse_read_specifier, read_table
from ov_asr_score.settings.path_map import parse_path_map
from ov_asr_score.settings.speech.feature_jobs import IvectorsJob
from ov_asr_score.text import printable_name, shown_key

_OnSkip = Callable[[str, OvAsrScoreError], None]


def write_ivectors(job: IvectorsJob) -> WrittenTable:
    """Write the i-vectors of the job's features: in the order of spk2utt if it is given, else in theirs.

    Raises UsageError, and what reading the extractor, reading tables and writing raise; where errors are skipped only
    for what stops everything. Source: online2bin/ivector-extract-online2.cc.
    """
    _check(job)
    check_files(_read_by(job), files_written("target", job.target))
    extractor = load_extractor(job.options, job.table, allow_commands=job.allow_commands)
    skipped: list[tuple[str, str]] = []

    def skip(key: str, error: OvAsrScoreError) -> None:
        skipped.append((key, str(error)))

    on_skip = skip if job.on_error == "skip" else None
    count = 0
    with ExitStack() as stack:
        writer = stack.enter_context(
            TableWriter(job.target, compression_method=job.compression_method, allow_commands=job.allow_commands)
        )
        weights = None
        if name := extractor.options.frame_weights:
            table = parse_read_specifier(name, parse_path_map(job.path_map))
            weights = stack.enter_context(open_table(table, allow_commands=job.allow_commands))
        utterances = _by_speaker(job, stack, on_skip) if job.spk2utt else _as_stored(job, on_skip)
        weighted = utterances if weights is None else _with_weights(utterances, weights, on_skip)
        for found in extract_ivectors(extractor, weighted, on_skip=on_skip):
            writer.write(found.key, found.ivectors)
            count += 1
    return WrittenTable(count, tuple(skipped), extractor.notes)


def _check(job: IvectorsJob) -> None:
    """Raise UsageError where no extractor is named at all, and for sound in the place of features."""
    if is_sound(job.features):
        raise UsageError(
            f"features {job.features}: expected a table of features, found sound; compute them first "
            "(ov-asr-score features)",
            fields=("features",),
        )
    options = job.options
    if options.ivector_extraction_config is None and options.ivector_extractor is None:
        raise UsageError(
            "ivector_extraction_config: expected ivector_extractor.conf, or the folder of an extractor, found none",
            fields=("ivector_extraction_config",),
        )


def _as_stored(job: IvectorsJob, on_skip: _OnSkip | None) -> Iterator[IvectorUtterance]:
    table = parse_read_specifier(job.features, parse_path_map(job.path_map))
    for key, features in read_table(table, allow_commands=job.allow_commands, on_skip=on_skip, wants_matrices=True):
        yield IvectorUtterance(key, features)


def _by_speaker(job: IvectorsJob, stack: ExitStack, on_skip: _OnSkip | None) -> Iterator[IvectorUtterance]:
    """The utterances of each speaker, looked up by their keys. An utterance without features is an error of its own."""
    speakers = read_spk2utt(job.spk2utt, allow_commands=job.allow_commands)
    source = parse_read_specifier(job.features, parse_path_map(job.path_map))
    table = stack.enter_context(open_table(source, allow_commands=job.allow_commands))
    for speaker, keys in speakers.items():
        for key in keys:
            try:
                features = table.get(key)
                if features is None:
                    raise _missing(job.features, key, "features")
            except OvAsrScoreError as error:
                if on_skip is None:
                    raise
                on_skip(key, error)
                continue
            yield IvectorUtterance(key, features, speaker)


def _with_weights(
    utterances: Iterator[IvectorUtterance], weights: KeyedTable, on_skip: _OnSkip | None
) -> Iterator[IvectorUtterance]:
    for utterance in utterances:
        try:
            found = weights.get(utterance.key)
            if found is None:
                raise _missing("frame_weights", utterance.key, "weights", fields=("frame_weights",))
            if found.ndim != 1:
                raise ShapeMismatchError(
                    f"frame_weights: utterance {shown_key(utterance.key)}: expected a vector, found a matrix",
                    fields=("frame_weights",),
                )
        except OvAsrScoreError as error:
            if on_skip is None:
                raise
            on_skip(utterance.key, error)
            continue
        yield IvectorUtterance(utterance.key, utterance.features, utterance.speaker, found)


def _missing(table: str, key: str, what: str, fields: tuple[str, ...] = ()) -> MissingUtteranceError:
    message = f"{printable_name(table)}: expected {what} of utterance {shown_key(key)}, found none"
    return MissingUtteranceError(message, fields=fields)


def _read_by(job: IvectorsJob) -> NamedFiles:
    yield from files_read("features", parse_read_specifier(job.features, parse_path_map(job.path_map)))
    if job.spk2utt:
        yield from files_read("spk2utt", job.spk2utt)
    names = ("ivector_extraction_config", "ivector_extractor", "diag_ubm", "lda_matrix", "global_cmvn_stats")
    for name in (*names, "cmvn_config", "splice_config"):
        yield name, getattr(job.options, name) or ""
