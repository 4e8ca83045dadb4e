"""Reading and writing of GNA blobs, of all versions of the format."""

from __future__ import annotations

import struct
from dataclasses import fields, replace
from pathlib import Path

import pytest

from ov_asr_score.errors import BlobFormatError
from ov_asr_score.gna.format.blob import read_blob, write_blob
from ov_asr_score.gna.format.layout import endpoint_layout, header_bytes
from ov_asr_score.gna.format.model_checks import check_model
from ov_asr_score.gna.model import DataType, GnaModel, GnaTransposition, OperationType
from tests.gna.old_blobs import MINORS, PLUGIN_2023, blob_of_version
from tests.gna.processing_models import transposing
from tests.gna.small_blob import small_model
from tests.places import ROOT

DATA = ROOT / "tests" / "gna" / "data"
BLOBS = sorted(DATA.glob("*.gna"))
SMALL = write_blob(small_model())


def differing_fields(one: GnaModel, other: GnaModel) -> list[str]:
    names = [field.name for field in fields(GnaModel) if field.name != "places"]
    return [name for name in names if getattr(one, name) != getattr(other, name)]


@pytest.mark.parametrize("path", BLOBS, ids=lambda path: path.name)
def test_intel_blobs_round_trip_byte_for_byte(path: Path) -> None:
    content = path.read_bytes()
    model = read_blob(content, path.name)
    check_model(model, path.name)
    assert write_blob(model) == content


def test_intel_blobs_exist() -> None:
    assert [path.name for path in BLOBS] == ["dnn_digits.q16.gna", "lstm_mem.q8.gna", "tdnn_al.q8.gna"]


def test_fields_of_intel_blob() -> None:
    model = read_blob((DATA / "lstm_mem.q8.gna").read_bytes(), "x")
    (source,), (output,) = model.inputs, model.outputs
    assert (source.name, source.shape, source.element_bytes, source.offset) == ("input", (1, 40), 2, 0)
    assert source.scale_factor == pytest.approx(1848.44)
    assert (output.name, output.tensor_names, output.element_bytes, output.offset) == ("score", ("output",), 4, 16640)
    assert [(state.name, state.offset, state.num_bytes) for state in model.states] == [
        ("mem_r", 3200, 128),
        ("mem_c", 12032, 256),
    ]
    assert model.states[0].scale_factor == 2049
    assert (len(model.operations), len(model.memory), model.num_vectors) == (15, 106496, 1)
    first = model.operations[0]
    assert first.type is OperationType.AFFINE
    shapes = [(tensor.shape, tensor.type, tensor.offset) for tensor in first.operands if tensor is not None]
    assert shapes == [
        ((40, 1), DataType.INT16, 0),
        ((512, 1), DataType.INT16, 2176),
        ((512, 40), DataType.INT8, 20480),
        ((512,), DataType.COMPOUND_BIAS, 40960),
        ((3,), DataType.PWL_SEGMENT, 45056),
    ]
    assert first.parameters == (b"",)


def test_model_round_trips() -> None:
    model = small_model()
    assert differing_fields(read_blob(write_blob(model), "x"), model) == []


def test_transposed_inputs_round_trip() -> None:
    turned = GnaTransposition("left", ((False, 1, 3), (True, 2, 4)))
    model = replace(small_model(), turned_inputs=(turned,), turned_outputs=(replace(turned, name="first"),))
    assert differing_fields(read_blob(write_blob(model), "x"), model) == []


def test_structure_sizes() -> None:
    assert [header_bytes(minor) for minor in MINORS] == [50, 51, 51, 60, 68, 68, 68, 68, 68]
    assert [endpoint_layout(minor).struct.size for minor in MINORS] == [40] * 6 + [80] * 3


@pytest.mark.parametrize("minor", MINORS)
def test_all_format_versions(minor: int) -> None:
    model = small_model()
    found = read_blob(blob_of_version(model, minor), "old.gna")
    check_model(found, "old.gna")
    assert found.version == (2, minor)
    expected = {"made_with"} if minor >= 8 else set()
    if minor != 8:
        expected.add("version")
    if minor < 8:
        expected |= {"inputs", "outputs"}  # their tensor names
    if minor < 6:
        expected.add("states")
    assert set(differing_fields(found, model)) == expected
    for given, kept in zip((*model.inputs, *model.outputs), (*found.inputs, *found.outputs), strict=True):
        names = given.tensor_names if minor >= 8 else ()
        assert kept == replace(given, name=kept.name, tensor_names=names)
        assert kept.name == given.name or minor < 3
    if minor < 3:
        assert [endpoint.name for endpoint in (*found.inputs, *found.outputs)] == [
            "input0",
            "input1",
            "output0",
            "output1",
        ]
    assert found.states[0] == model.states[0] or (found.states[0].name, found.states[0].scale_factor) == ("state0", 1.0)
    assert found.made_with == (("2023.3.0", "3.5.0.2116") if minor >= 8 else ())


def test_old_version_is_written_as_new() -> None:
    found = read_blob(blob_of_version(small_model(), 6), "x")
    again = read_blob(write_blob(found), "x")
    assert differing_fields(again, found) == ["version"]
    assert again.version == (2, 8)


def test_vectors_of_old_versions() -> None:
    model = small_model()
    many = [replace(endpoint, num_elements=4 * endpoint.num_elements) for endpoint in (*model.inputs, *model.outputs)]
    wide = replace(model, inputs=tuple(many[:2]), outputs=tuple(many[2:]))  # as old writers count elements
    found = read_blob(blob_of_version(wide, 6, group=4), "x")
    assert [endpoint.shape for endpoint in found.inputs] == [(4, 8), (4, 16)]


def test_longer_header_of_newer_writer() -> None:
    longer = SMALL[:4] + struct.pack("<I", 80) + SMALL[8:68] + b"?" * 12 + SMALL[68:]
    assert differing_fields(read_blob(longer, "x"), small_model()) == []


def test_shorter_header_size_is_ignored() -> None:
    assert differing_fields(read_blob(SMALL[:4] + struct.pack("<I", 0) + SMALL[8:], "x"), small_model()) == []


def test_versions_of_several_lines() -> None:
    found = read_blob(blob_of_version(small_model(), 8, versions=PLUGIN_2023), "x")
    assert found.made_with == PLUGIN_2023
    assert found.ignored_bytes == 0
    assert differing_fields(read_blob(write_blob(found), "x"), found) == []


@pytest.mark.parametrize("end", [b"\0", b"\0\1\0\0\0", bytes(4096)])
def test_bytes_behind_the_memory_image_are_ignored(end: bytes) -> None:
    found = read_blob(SMALL + end, "x")
    assert (found.made_with, found.ignored_bytes) == ((), len(end))


def test_bytes_behind_the_versions_are_ignored() -> None:
    found = read_blob(blob_of_version(small_model(), 8) + b"more", "x")
    assert (found.made_with, found.ignored_bytes) == (("2023.3.0", "3.5.0.2116"), 4)
    assert read_blob(blob_of_version(small_model(), 7) + b"\1more", "x").ignored_bytes == 5


@pytest.mark.parametrize("minor", [5, 6, 7, 8])
@pytest.mark.parametrize("ends_in_nul", [False, True])
def test_transpositions_of_all_versions(minor: int, ends_in_nul: bool) -> None:
    turned = GnaTransposition("left", ((True, 2, 4),), ends_in_nul)
    model = replace(small_model(), turned_inputs=(turned,), turned_outputs=(replace(turned, name="first"),))
    found = read_blob(blob_of_version(model, minor), "x")
    assert (found.turned_inputs, found.turned_outputs) == (model.turned_inputs, model.turned_outputs)


@pytest.mark.parametrize(
    ("minor", "expected"), [(1, (2, 4, 1, 0, 0, 0)), (3, (2, 4, 1, 0, 0, 0)), (4, (2, 4, 1, 3, 5, 1))]
)
def test_transpositions_of_old_headers(minor: int, expected: tuple[int, ...]) -> None:
    found = read_blob(blob_of_version(replace(small_model(), rotation=(2, 4, 1, 3, 5, 1)), minor), "x")
    assert found.rotation == expected


def test_counts_of_transpositions_are_ignored_since_2dot9() -> None:
    found = read_blob(blob_of_version(small_model(), 9, lost_turnings=7), "x")
    assert found.turned_inputs == found.turned_outputs == ()
    assert differing_fields(found, small_model()) == ["version", "made_with"]


def test_processing_models_round_trip() -> None:
    left, right = small_model().inputs
    model = replace(small_model(), inputs=(replace(left, processing=transposing([1, 2, 4], [0, 2, 1])), right))
    found = read_blob(blob_of_version(model, 9), "x")
    assert differing_fields(found, model) == ["version", "made_with"]
    assert differing_fields(read_blob(write_blob(found), "x"), found) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (b"", r"header at byte 0: expected 'GNAM', the first bytes of a GNA blob, found an empty file"),
        (b"GNAX" + SMALL[4:], r"header at byte 0: expected 'GNAM', .* found 'GNAX'; give a blob"),
        (SMALL[:9], r"header at byte 0: expected 14 bytes, found 9 until the end of the file; the file is damaged"),
        (SMALL[:8] + b"\3" + SMALL[9:], r"header at byte 8: expected version 2.1 to 2.9 .* found 3.8; export it with"),
        (SMALL[:10] + b"\x0a" + SMALL[11:], r"header at byte 8: expected version 2.1 to 2.9 .* found 2.10; export"),
        (SMALL[:10] + b"\0" + SMALL[11:], r"header at byte 8: .* found 2.0; export"),
        (
            SMALL[:4] + b"\xff\xff" + SMALL[6:],
            r"header at byte 4: expected at most 10,867 bytes of header, as the file has, found 65,535",
        ),
        (SMALL[:14] + b"\xff" * 8 + SMALL[22:], r"memory image at byte 2675: expected 18,446,744,.* found 8,192 bytes"),
        (
            SMALL[:22] + b"\xff" * 8 + SMALL[30:],
            r"operations at byte 468: expected at most as many as fit in 10,399 bytes",
        ),
        (SMALL[:43] + b"\xff" * 4 + SMALL[47:], r"inputs at byte 68: expected at most as many .* found 4,294,967,295"),
        (SMALL[:68] + b"\xff" * 4 + SMALL[72:], r"name of input 0 at byte 72: expected 4,294,967,295 bytes, found"),
        (SMALL + b"more", r"version of OpenVINO at byte 10871: expected 1,701,998,445 bytes, found 0 until the end"),
        (SMALL + b"\1\0\0\0\0", r"version of libgna at byte 10872: expected 4 bytes, found 0 until the end of the"),
        (SMALL[:-1], r"memory image at byte 2675: expected 8,192 bytes, as in the header, found 8,191 bytes"),
    ],
)
def test_invalid_blobs_are_refused(change: bytes, message: str) -> None:
    with pytest.raises(BlobFormatError, match="^x.gna: " + message):
        read_blob(change, "x.gna")


def test_too_many_operations() -> None:
    empty = struct.pack("<III", 4, 0, 0)
    start, end = (read_blob(SMALL, "x").places[name] for name in ("operation 0", "state 0"))
    many = SMALL[:22] + struct.pack("<Q", 8193) + SMALL[30:start] + 8193 * empty + SMALL[end - 4 :]
    with pytest.raises(
        BlobFormatError, match=rf"^x: operations at byte {start}: expected at most 8,192 of them, found 8,193"
    ):
        read_blob(many, "x")
    few = SMALL[:22] + struct.pack("<Q", 8192) + SMALL[30:start] + 8192 * empty + SMALL[end - 4 :]
    assert len(read_blob(few, "x").operations) == 8192


@pytest.mark.parametrize(
    ("number", "found"), [(5, r"5 \(gmm\)"), (6, r"6 \(recurrent\)"), (0, "0"), (8, "8"), (99, "99")]
)
def test_unknown_operation_types(number: int, found: str) -> None:
    place = read_blob(SMALL, "x").places["operation 2"]
    changed = SMALL[:place] + struct.pack("<I", number) + SMALL[place + 4 :]
    message = rf"^x: operation 2 at byte {place}: expected a type .* found {found}; score the IR"
    with pytest.raises(BlobFormatError, match=message):
        read_blob(changed, "x")


def test_unknown_element_types() -> None:
    place = read_blob(SMALL, "x").places["operation 0"] + 8 + 48
    changed = SMALL[:place] + b"\7" + SMALL[place + 1 :]
    with pytest.raises(BlobFormatError, match=rf"^x: operand 0 of operation 0 at byte {place}: .* found 7; "):
        read_blob(changed, "x")


@pytest.mark.parametrize(
    ("name", "shown"),
    [(b"le\nt\0", "le\\nt"), (b"le\xff\xfe\0", "le\\xff\\xfe"), (b"left\x01", "left"), (b"l\0ft\0", "l\\x00ft")],
)
def test_names_of_any_bytes(name: bytes, shown: str) -> None:
    assert read_blob(SMALL[:72] + name + SMALL[77:], "x").inputs[0].name == shown


def test_disabled_operand_of_unknown_type() -> None:
    place = read_blob(SMALL, "x").places["operation 0"] + 8 + 4 * 64
    changed = SMALL[: place + 36] + struct.pack("<i8si", -1, b"", 7) + SMALL[place + 52 :]
    segments = read_blob(changed, "x").operations[0].operand(4)
    assert segments is not None
    assert (segments.mode, segments.type) == (-1, DataType.NONE)


def test_no_vectors_in_an_old_header() -> None:
    with pytest.raises(BlobFormatError, match=r"^x: header at byte 14: expected at least 1 vector .* found 0; "):
        read_blob(blob_of_version(small_model(), 6, group=0), "x")
