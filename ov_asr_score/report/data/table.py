"""What `table-info` tells of tables, as plain data.

Tests: tests/job/test_table_info.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FORMAT = "ov-asr-score-table-info"
FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Lengths:
    """Lengths of the objects of a table, such as the rows of its matrices."""

    total: int
    least: int
    median: float
    mean: float
    most: int


@dataclass(frozen=True, slots=True)
class TableValues:
    """The values of a table, which are read only if that is asked for."""

    least: float
    """Of the finite values, and so are the next two."""

    greatest: float
    mean: float
    num_nan: int
    num_infinite: int
    first_nonfinite: str | None  # key of the first utterance with NaN or infinity


@dataclass(frozen=True, slots=True)
class TableInfo:
    """One table."""

    table: str  # the specifier, as it was given
    keys: int
    kinds: Mapping[str, int]
    """Number of objects by kind: FM, DM, CM, CM2, CM3, SM, FV, DV, integers, number, or how they are in text or NumPy's
    format."""

    rows: Lengths | None  # of matrices; null if there is none
    columns: Mapping[str, int]
    """Number of matrices by their number of columns; all further numbers are under "others"."""

    vector_lengths: Lengths | None  # of vectors and integers; null if there is none
    empty_objects: int
    num_bytes: int  # of all objects, without keys
    seconds: float  # rows of matrices times the frame shift
    is_sorted: bool  # keys are in the order of their bytes, as Kaldi's scripts need them
    first_unsorted: str | None  # first key that is not
    duplicate_keys: int
    first_duplicate: str | None
    unreadable: int  # objects that were skipped because they cannot be read
    values: TableValues | None


@dataclass(frozen=True, slots=True)
class TableInfoReport:
    """The tables that were asked for."""

    tables: Sequence[TableInfo]
    frame_shift_seconds: float
