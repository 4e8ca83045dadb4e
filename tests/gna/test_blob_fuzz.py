"""Damaged blobs: a clear message, or a model that can be run; never a crash, a hang or a large allocation."""

from __future__ import annotations

import struct
import tracemalloc
import warnings
from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from ov_asr_score.errors import BlobFormatError, UnsupportedModelError
from ov_asr_score.gna.exact.program import ExactProgram
from ov_asr_score.gna.format.blob import read_blob, write_blob
from ov_asr_score.gna.format.blob_description import describe_blob
from ov_asr_score.gna.format.model_checks import check_model
from ov_asr_score.gna.model import GnaModel
from tests.gna.blob_forms import forms
from tests.gna.old_blobs import MINORS, blob_of_version
from tests.gna.small_blob import small_model
from tests.runtimes import OLDEST_RUNTIME

SMALL = write_blob(small_model())
MEMORY_START = read_blob(SMALL, "x").places["memory"]
EVERY_BIT = (1, 2, 4, 8, 16, 32, 64, 128, 255)
NUMBERS = (0, 1, 7, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF8, 0xFFFFFFFF)


FORMS = forms()


def outcome(content: bytes, has_run: set[bytes]) -> GnaModel | None:
    """The model if it can be run, which it then is for two frames; None if it was refused as it must be."""
    try:
        model = read_blob(content, "damaged.gna")
        describe_blob(model)
        notes = check_model(model, "damaged.gna")
        assert all(note.isprintable() and len(note) < 1500 for note in notes)
    except BlobFormatError as error:
        message = str(error)
        assert message.startswith("damaged.gna: ")
        assert " at byte " in message
        assert ": expected " in message
        assert ", found " in message
        assert "; " in message
        assert message.isprintable()
        assert len(message) < 400
        return None
    ports = [
        (port.scale_factor, port.element_bytes, port.offset, port.shape, port.orientation, port.precision)
        for port in (*model.inputs, *model.outputs)
    ]
    states = [(state.offset, state.num_bytes) for state in model.states]
    orders = (model.turned_inputs, model.turned_outputs, model.rotation)
    what = repr((ports, states, orders, model.operations)).encode() + model.memory
    if what not in has_run:
        run(model)
        has_run.add(what)
    return model


def run(model: GnaModel) -> None:
    try:
        program = ExactProgram(model, "damaged.gna")
    except UnsupportedModelError as error:
        assert str(error).startswith("damaged.gna: ")
        assert str(error).isprintable()
        return
    memory = program.new_memory(2)
    for value in (1.0, -3.0):
        inputs = [np.full((2, (port.shape or ())[-1] or 1), value, np.float32) for port in program.inputs]
        scores = program.run(memory, inputs)
        assert [score.shape for score in scores] == [(2, (port.shape or ())[-1] or 1) for port in program.outputs]


def survivors(contents: Iterable[bytes]) -> list[GnaModel]:
    """The models that could be run; a warning of numpy is an error."""
    has_run: set[bytes] = set()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return [model for content in contents if (model := outcome(content, has_run)) is not None]


def skip_damaged_ir(form: str) -> None:
    if form == "processed" and OLDEST_RUNTIME:
        pytest.skip("OpenVINO 2023.3 crashes at some damaged IR, which processing models are")


def flipped(content: bytes, places: Iterable[int], patterns: tuple[int, ...]) -> Iterator[bytes]:
    for place in places:
        for pattern in patterns:
            yield content[:place] + bytes([content[place] ^ pattern]) + content[place + 1 :]


def test_undamaged_small_blob() -> None:
    assert len(survivors([SMALL])) == 1


def test_flipped_bytes_in_structure() -> None:
    found = survivors(
        SMALL[:place] + bytes([SMALL[place] ^ EVERY_BIT[place % 9]]) + SMALL[place + 1 :]
        for place in range(MEMORY_START)
    )
    # what is of no meaning to Intel's reader, and what Intel's library runs as well
    assert len(found) < MEMORY_START * 0.75


@pytest.mark.slow
def test_all_flipped_bits_in_structure() -> None:
    assert survivors(flipped(SMALL, range(MEMORY_START), EVERY_BIT))


def test_flipped_bytes_in_memory_image_are_accepted() -> None:
    places = range(MEMORY_START + 4096, MEMORY_START + 4096 + 1024, 11)
    assert len(survivors(flipped(SMALL, places, (1, 255)))) == 2 * len(places)


@pytest.mark.parametrize("minor", MINORS)
def test_flipped_bytes_in_other_versions(minor: int) -> None:
    content = blob_of_version(small_model(), minor)
    survivors(flipped(content, range(minor % 9, read_blob(content, "x").places["memory"], 9), (255,)))


def test_all_truncations_of_structure() -> None:
    assert survivors(SMALL[:length] for length in range(MEMORY_START)) == []


def test_truncations_of_memory_image() -> None:
    lengths = [*range(MEMORY_START, len(SMALL), 97), *range(len(SMALL) - 20, len(SMALL))]
    assert survivors(SMALL[:length] for length in lengths) == []


def test_trailing_bytes() -> None:
    found = survivors(SMALL + b"\0" * count for count in (1, 3, 4, 5, 8, 9, 4096))
    assert [model.ignored_bytes for model in found] == [1, 3, 4, 5, 8, 9, 4096]
    assert survivors(SMALL + b"\1" * count for count in (1, 3, 4, 5, 8, 9, 4096)) == []


@pytest.mark.parametrize("form", FORMS)
def test_undamaged_forms(form: str) -> None:
    assert len(survivors([FORMS[form]])) == 1


@pytest.mark.parametrize("form", FORMS)
def test_flipped_bytes_in_forms(form: str) -> None:
    skip_damaged_ir(form)
    content = FORMS[form]
    end = read_blob(content, "x").places["memory"]
    survivors(flipped(content, range(sum(map(ord, form)) % 5, end, 5), (1, 255)))
    assert survivors(content[:length] for length in range(0, end, 3)) == []


def damaged_form(content: bytes, rng: np.random.Generator) -> bytes:
    """The blob with one to four bytes changed, one number replaced, or a piece removed or doubled."""
    end = read_blob(content, "x").places["memory"]
    changed = bytearray(content)
    place, length = int(rng.integers(4, end)), int(rng.integers(1, 40))
    match rng.integers(0, 4):
        case 0:
            for other in rng.integers(14, end, rng.integers(1, 5)):
                changed[other] = rng.integers(0, 256)
        case 1:
            changed[place : place + 4] = struct.pack("<I", NUMBERS[rng.integers(len(NUMBERS))])
        case 2:
            del changed[place : place + length]
        case _:
            changed[place:place] = changed[place : place + length]
    return bytes(changed)


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_damaged_forms(form: str) -> None:
    skip_damaged_ir(form)
    rng = np.random.default_rng(len(form))
    survivors(damaged_form(FORMS[form], rng) for _ in range(4000))


def lying_numbers(places: Iterable[int]) -> Iterator[bytes]:
    return (SMALL[:place] + struct.pack("<I", number) + SMALL[place + 4 :] for place in places for number in NUMBERS)


def lying_fields() -> Iterator[bytes]:
    """Sizes, counts and offsets where they are: in the header, and at the fields of operations and states."""
    header = [4, 14, 22, 43, 47, 60, 64, 68]
    starts = [place for name, place in read_blob(SMALL, "x").places.items() if name not in ("model", "memory")]
    fields = [place + step for place in starts for step in (0, 4, 8, 12, 16, 44, 56, 64, 72)]
    for place in [*header, *starts, *fields]:
        for number in (2**63, 2**64 - 1, 2**64 - 4096, 2**40, 2**31):
            yield SMALL[:place] + struct.pack("<Q", number) + SMALL[place + 8 :]


def test_extreme_numbers_in_structure() -> None:
    survivors(lying_numbers(range(0, MEMORY_START - 4, 37)))


@pytest.mark.slow
def test_extreme_numbers_at_every_byte() -> None:
    survivors(lying_numbers(range(MEMORY_START - 4)))


def test_extreme_sizes_allocate_little_memory() -> None:
    tracemalloc.start()
    try:
        survivors(lying_fields())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20


@pytest.mark.parametrize("form", FORMS)
def test_extreme_numbers_in_forms_allocate_little_memory(form: str) -> None:
    content = FORMS[form]
    end = read_blob(content, "x").places["memory"]
    tracemalloc.start()
    try:
        survivors(
            content[:place] + struct.pack("<I", number) + content[place + 4 :]
            for place in range(4, end - 4, 61)
            for number in NUMBERS[-6:]
        )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20


def test_random_bytes() -> None:
    rng = np.random.default_rng(7)
    assert survivors(SMALL[:14] + rng.bytes(500) for _ in range(100)) == []


@pytest.mark.slow
def test_combined_damage() -> None:
    rng = np.random.default_rng(11)

    def damaged() -> Iterator[bytes]:
        for _ in range(20000):
            content = bytearray(SMALL)
            for place in rng.integers(14, MEMORY_START, rng.integers(2, 5)):
                content[place] = rng.integers(0, 256)
            yield bytes(content)

    survivors(damaged())
