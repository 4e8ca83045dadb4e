from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.kaldi_io import TableWriter, read_table
from ov_asr_score.lattice.alignments import (
    ALIGNMENT_FORMS,
    AlignmentForm,
    converted_alignment,
    phone_spans,
    write_alignment,
)
from tests.lattice.aligning.toy_model import LATTICES, ids_of, int_table, model_of, toy_transitions

TOY = toy_transitions()


@pytest.mark.parametrize("name", ["chain", "tri"])
@pytest.mark.parametrize(
    ("form", "file"), [("transition-ids", "ali.txt"), ("pdfs", "pdf_ali.txt"), ("phone-lengths", "phone_lengths.txt")]
)
def test_text_archives_are_kaldis(tmp_path: Path, name: str, form: AlignmentForm, file: str) -> None:
    transitions = model_of(name)
    with TableWriter(f"ark,t:{tmp_path}/out") as writer:
        for key, ids in int_table(LATTICES / name / "ali.txt").items():
            write_alignment(writer, key, ids, transitions, form)
    assert (tmp_path / "out").read_bytes() == (LATTICES / name / file).read_bytes()


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("transition-ids", [1, 2, 2, 5, 6]),
        ("pdfs", [1, 1, 1, 3, 3]),
        ("phones", [1, 3]),
        ("frame-phones", [1, 1, 1, 3, 3]),
        ("phone-lengths", [[1, 3], [3, 2]]),
    ],
)
def test_forms(form: AlignmentForm, expected: list[int]) -> None:
    alignment = np.array([1, 2, 2, 5, 6], np.int32)
    assert converted_alignment(alignment, TOY, form).tolist() == expected
    assert converted_alignment(alignment, TOY, form).dtype == np.int32


def test_binary_archives(tmp_path: Path) -> None:
    alignment = ids_of(1, 3)
    for form in ALIGNMENT_FORMS:
        with TableWriter(f"ark:{tmp_path}/{form}") as writer:
            write_alignment(writer, "utt", alignment, TOY, form)
    ((key, phones),) = read_table(f"ark:{tmp_path}/phones")
    assert (key, phones.tolist(), phones.dtype.name) == ("utt", [1, 3], "int32")
    pairs = b"\0B\4" + b"".join(bytes([number, 0, 0, 0, 4]) for number in (2, 1, 2, 3)) + b"\2\0\0\0"
    assert (tmp_path / "phone-lengths").read_bytes() == b"utt " + pairs


def test_spans() -> None:
    assert phone_spans(ids_of(1, 3, loops=2), TOY).num_frames.tolist() == [3, 3]


def test_no_frames(tmp_path: Path) -> None:
    nothing = np.zeros(0, np.int32)
    assert [converted_alignment(nothing, TOY, form).shape[0] for form in ALIGNMENT_FORMS] == [0] * 5
    with TableWriter(f"ark,t:{tmp_path}/out") as writer:
        for form in ALIGNMENT_FORMS:
            write_alignment(writer, form, nothing, TOY, form)
    assert [line.strip() for line in (tmp_path / "out").read_text().splitlines()] == list(ALIGNMENT_FORMS)


def test_transition_ids_of_another_model() -> None:
    with pytest.raises(ShapeMismatchError):
        converted_alignment(np.array([13], np.int32), TOY, "pdfs")
