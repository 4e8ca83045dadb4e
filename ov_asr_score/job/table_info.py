"""What tables hold: keys, kinds, rows, columns, bytes; and the lists of lengths that Kaldi's scripts take."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Mapping

import numpy as np

from ov_asr_score.errors import OvAsrScoreError, TableFormatError
from ov_asr_score.job.outputs.overwriting import check_files, files_read
from ov_asr_score.kaldi_io import OutputFile, open_output, parse_read_specifier
from ov_asr_score.kaldi_io.specifier import ReadSpecifier
from ov_asr_score.kaldi_io.tables.contents import TableContent, read_contents
from ov_asr_score.kaldi_io.tables.key_digests import KeyDigests
from ov_asr_score.report.data.run import as_dict
from ov_asr_score.report.data.table import FORMAT, FORMAT_VERSION, Lengths, TableInfo, TableInfoReport, TableValues
from ov_asr_score.settings.path_map import parse_path_map
from ov_asr_score.settings.table_jobs import TableInfoSettings
from ov_asr_score.text import shown_key

_MOST_WIDTHS = 16
_EDGE_FRAMES = 1.5  # (frame length - frame shift) / frame shift, which utils/data/get_utt2dur.sh takes for typical


def run_table_info(settings: TableInfoSettings) -> TableInfoReport:
    """What the tables hold, after writing the lists and the report that the settings ask for.

    Tables are read once, and memory grows by a few bytes for each key. Raises UsageError (a file that is both read and
    written) and what reading and writing raise.
    """
    path_map = parse_path_map(settings.path_map)
    tables = [parse_read_specifier(text, path_map) for text in settings.tables]
    outputs = ("utt2num_frames", "utt2dur", "report")
    written = [(name, path) for name in outputs if (path := getattr(settings, name))]
    check_files((pair for table in tables for pair in files_read("tables", table)), iter(written))
    with contextlib.ExitStack() as stack:
        lists = {name: stack.enter_context(open_output(path)) for name, path in written if name != "report"}
        found = tuple(_info(table, settings, lists) for table in tables)
        report = TableInfoReport(found, settings.frame_shift_seconds)
        if settings.report:
            with open_output(settings.report) as output:
                output.write(json.dumps(table_info_as_dict(report), indent=1, allow_nan=False).encode() + b"\n")
    return report


def table_info_as_dict(report: TableInfoReport) -> dict[str, object]:
    """The report as it is written."""
    return {"format": FORMAT, "format_version": FORMAT_VERSION, **as_dict(report)}


def _info(table: ReadSpecifier, settings: TableInfoSettings, lists: Mapping[str, OutputFile]) -> TableInfo:
    sums = _Sums()

    def skip(key: str, error: OvAsrScoreError) -> None:
        sums.unreadable += 1

    contents = read_contents(
        table,
        allow_commands=settings.allow_commands,
        with_values=settings.check_values,
        on_skip=skip if settings.on_error == "skip" else None,
    )
    for content in contents:
        sums.add(content, with_values=settings.check_values)
        if lists:
            _list_frames(table, content, settings.frame_shift_seconds, lists)
    return sums.info(table.original, settings.frame_shift_seconds)


def _list_frames(
    table: ReadSpecifier, content: TableContent, frame_shift_seconds: float, lists: Mapping[str, OutputFile]
) -> None:
    """Write the lines of an utterance, as feat-to-len (featbin) and get_utt2dur.sh (utils/data) do."""
    rows = 1 if content.kind == "text vector" else content.shape[0]  # where Kaldi reads features, it is a matrix
    if len(content.shape) != 2 and content.kind != "text vector" and not content.kind.endswith("integers"):
        raise TableFormatError(
            f"{table.original}: utterance {shown_key(content.key)}: expected a matrix or integers, whose frames can be "
            f"counted, found {content.kind}"
        )
    key = content.key.encode("utf-8", "surrogateescape")
    for name, output in lists.items():
        number = f"{rows} " if name == "utt2num_frames" else _duration(rows, frame_shift_seconds)
        output.write(key + f" {number}\n".encode())


def _duration(num_frames: int, frame_shift_seconds: float) -> str:
    """Seconds with six digits, as awk prints them."""
    return f"{(num_frames + _EDGE_FRAMES) * frame_shift_seconds:.6g}"


class _Sums:
    """What is known of a table so far; lengths are kept as counts, so that the median is exact."""

    def __init__(self) -> None:
        self.unreadable = 0
        self._kinds: Counter[str] = Counter()
        self._rows: Counter[int] = Counter()
        self._widths: Counter[str] = Counter()
        self._lengths: Counter[int] = Counter()
        self._num_bytes = self._empty = self._duplicates = 0
        self._digests = KeyDigests()
        self._last_key = b""
        self._first_unsorted: str | None = None
        self._first_duplicate: str | None = None
        self._values = _ValueSums()

    def add(self, content: TableContent, *, with_values: bool) -> None:
        self._kinds[content.kind] += 1
        self._num_bytes += content.num_bytes
        self._empty += 0 in content.shape
        if len(content.shape) == 2:
            self._rows[content.shape[0]] += 1
            width = str(content.shape[1])
            if 0 not in content.shape:  # empty matrices have no width of their own
                self._widths[width if width in self._widths or len(self._widths) < _MOST_WIDTHS else "others"] += 1
        else:
            self._lengths[content.shape[0]] += 1
        raw = content.key.encode("utf-8", "surrogateescape")
        if raw < self._last_key and self._first_unsorted is None:
            self._first_unsorted = content.key
        self._last_key = raw
        if self._digests.add(content.key):
            self._duplicates += 1
            self._first_duplicate = self._first_duplicate or content.key
        if with_values and content.values is not None:
            self._values.add(content)

    def info(self, table: str, frame_shift_seconds: float) -> TableInfo:
        rows = _lengths_of(self._rows)
        return TableInfo(
            table=table,
            keys=self._kinds.total(),
            kinds=dict(self._kinds.most_common()),
            rows=rows,
            columns=dict(self._widths.most_common()),
            vector_lengths=_lengths_of(self._lengths),
            empty_objects=self._empty,
            num_bytes=self._num_bytes,
            seconds=0.0 if rows is None else rows.total * frame_shift_seconds,
            is_sorted=self._first_unsorted is None,
            first_unsorted=self._first_unsorted,
            duplicate_keys=self._duplicates,
            first_duplicate=self._first_duplicate,
            unreadable=self.unreadable,
            values=self._values.values(),
        )


class _ValueSums:
    def __init__(self) -> None:
        self._count = self._num_nan = self._num_infinite = 0
        self._sum, self._least, self._greatest = 0.0, np.inf, -np.inf
        self._first: str | None = None

    def add(self, content: TableContent) -> None:
        values = np.asarray(content.values, np.float64).ravel()
        finite = np.isfinite(values)
        if not finite.all():
            self._first = self._first or content.key
            num_nan = int(np.isnan(values).sum())
            self._num_nan += num_nan
            self._num_infinite += int((~finite).sum()) - num_nan
            values = values[finite]
        if values.size:
            self._count += values.size
            self._sum += float(values.sum())
            self._least = min(self._least, float(values.min()))
            self._greatest = max(self._greatest, float(values.max()))

    def values(self) -> TableValues | None:
        if not self._count and self._first is None:
            return None
        mean = self._sum / self._count if self._count else np.nan
        return TableValues(self._least, self._greatest, mean, self._num_nan, self._num_infinite, self._first)


def _lengths_of(counts: Counter[int]) -> Lengths | None:
    if not counts:
        return None
    lengths = np.array(sorted(counts))
    ends = np.cumsum([counts[length] for length in lengths.tolist()])
    number = int(ends[-1])
    low, high = (lengths[np.searchsorted(ends, place, side="right")] for place in ((number - 1) // 2, number // 2))
    total = sum(length * count for length, count in counts.items())
    return Lengths(total, int(lengths[0]), float(low + high) / 2, total / number, int(lengths[-1]))
