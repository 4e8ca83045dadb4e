from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import TableFormatError, UsageError
from ov_asr_score.job.table_info import run_table_info
from ov_asr_score.kaldi_io import TableWriter
from ov_asr_score.report.data.table import Lengths
from ov_asr_score.settings.table_jobs import TableInfoSettings
from tests.command_line import names_in
from tests.report.test_schemas import faults
from tests.tiny_model import write_table

LENGTHS = (3, 1, 4, 1, 5, 9, 2)


@pytest.fixture(autouse=True)
def table(folder: Path) -> None:
    """Matrices of two columns with these numbers of rows."""
    write_table("a.ark", {f"utt{number}": np.ones((rows, 2), np.float32) for number, rows in enumerate(LENGTHS)})


def test_rows_and_columns() -> None:
    (info,) = run_table_info(TableInfoSettings(["a.ark"], frame_shift_seconds=0.02)).tables
    assert (info.keys, info.kinds, info.columns) == (7, {"FM": 7}, {"2": 7})
    assert info.rows == Lengths(25, 1, 3.0, 25 / 7, 9)
    assert info.rows.median == np.median(LENGTHS) and info.rows.mean == pytest.approx(np.mean(LENGTHS), rel=1e-15)
    assert info.seconds == 0.5
    assert info.num_bytes == 7 * 15 + 25 * 2 * 4
    assert (info.vector_lengths, info.empty_objects, info.values) == (None, 0, None)
    assert (info.is_sorted, info.first_unsorted, info.duplicate_keys) == (True, None, 0)


def test_median_of_an_even_number() -> None:
    write_table("b.ark", {f"u{rows}": np.ones((rows, 1), np.float32) for rows in (1, 2, 5, 8)})
    (info,) = run_table_info(TableInfoSettings(["b.ark"])).tables
    assert info.rows is not None and info.rows.median == 3.5


def test_order_duplicates_widths_and_values() -> None:
    with TableWriter("ark:b.ark") as writer:
        for key in ("u2", "u10", "u2", "u3", "u10"):
            writer.write(key, np.array([[1, np.nan, -np.inf], [2, 3, np.inf]], np.float32)[:, : 2 + (key == "u3")])
        writer.write("u4", np.zeros((0, 0), np.float32))
        writer.write("u5", np.arange(4, dtype=np.float32))
    (info,) = run_table_info(TableInfoSettings(["b.ark"], check_values=True)).tables
    assert (info.is_sorted, info.first_unsorted) == (False, "u10")
    assert (info.duplicate_keys, info.first_duplicate) == (2, "u2")
    assert (info.columns, info.empty_objects) == ({"2": 4, "3": 1}, 1)
    assert info.vector_lengths == Lengths(4, 4, 4.0, 4.0, 4)
    assert info.values is not None
    assert (info.values.num_nan, info.values.num_infinite, info.values.first_nonfinite) == (5, 2, "u2")
    assert (info.values.least, info.values.greatest) == (0.0, 3.0)


def test_lists_are_those_of_kaldi(folder: Path) -> None:
    # feat-to-len ark:a.ark ark,t:utt2num_frames; get_utt2dur.sh: awk '{print $1, ($2+1.5)*frame_shift}'
    run_table_info(TableInfoSettings(["a.ark"], utt2num_frames="utt2num_frames", utt2dur="utt2dur"))
    assert Path("utt2num_frames").read_text() == "".join(f"utt{i} {rows} \n" for i, rows in enumerate(LENGTHS))
    durations = ("0.045", "0.025", "0.055", "0.025", "0.065", "0.105", "0.035")
    assert Path("utt2dur").read_text() == "".join(f"utt{i} {text}\n" for i, text in enumerate(durations))
    write_table("b.ark", {"u": np.ones((1234567, 1), np.float32)})
    run_table_info(TableInfoSettings(["b.ark"], utt2dur="utt2dur"))
    assert Path("utt2dur").read_text() == "u 12345.7\n"


def test_alignments_count_as_frames_and_vectors_do_not(folder: Path) -> None:
    write_table("ali.ark", {"u": np.arange(6, dtype=np.int32)})
    run_table_info(TableInfoSettings(["ali.ark"], utt2num_frames="frames"))
    assert Path("frames").read_text() == "u 6 \n"
    Path("one.txt").write_text("u [ 1 2 3 ]\n")
    run_table_info(TableInfoSettings(["ark:one.txt"], utt2num_frames="frames"))
    assert Path("frames").read_text() == "u 1 \n"  # as feat-to-len has it
    write_table("vec.ark", {"u": np.ones(6, np.float32)})
    with pytest.raises(TableFormatError, match="utterance 'u': expected a matrix or integers, whose frames can be"):
        run_table_info(TableInfoSettings(["vec.ark"], utt2num_frames="frames2"))
    assert "frames2" not in names_in(folder)


def test_report_keeps_to_its_schema(folder: Path) -> None:
    run_table_info(TableInfoSettings(["a.ark", "ark:a.ark"], check_values=True, report="r.json"))
    report = json.loads(Path("r.json").read_text())
    assert faults("table-info", report) == []
    assert [table["table"] for table in report["tables"]] == ["a.ark", "ark:a.ark"]


def test_nothing_that_is_read_is_written_over() -> None:
    with pytest.raises(UsageError, match=r"utt2dur a\.ark: is the same file as that of tables"):
        run_table_info(TableInfoSettings(["a.ark"], utt2dur="a.ark"))


def test_what_cannot_be_read_is_counted() -> None:
    Path("x.scp").write_text("u none.ark:3\nv a.ark:5\n")
    (info,) = run_table_info(TableInfoSettings(["x.scp"], on_error="skip")).tables
    assert (info.keys, info.unreadable) == (1, 1)


@pytest.mark.parametrize("check_values", [False, True])
def test_an_archive_is_told_of_as_far_as_it_can_be_read(check_values: bool) -> None:
    whole = Path("a.ark").read_bytes()
    Path("a.ark").write_bytes(whole[:-3])
    settings = TableInfoSettings(["a.ark"], check_values=check_values, on_error="skip")
    (info,) = run_table_info(settings).tables
    assert (info.keys, info.unreadable) == (6, 1)
    with pytest.raises(TableFormatError, match="utterance 'utt6'"):
        run_table_info(TableInfoSettings(["a.ark"], check_values=check_values))
    (info,) = run_table_info(TableInfoSettings(["ark,p:a.ark"], check_values=check_values)).tables
    assert info.keys == 6
