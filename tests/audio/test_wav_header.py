from __future__ import annotations

import json
import struct

import numpy as np
import pytest

from ov_asr_score.audio.audio_stream import Audio
from ov_asr_score.audio.decoding import read_audio
from ov_asr_score.errors import OvAsrScoreError, SoundFormatError
from tests.audio.wav_bytes import ANSWERS, CASES, chunk, extensible, wav, wav_format

# What Kaldi refuses and we read.
BEYOND_KALDI = {
    *("extensible of 0 extra", "odd junk with pad", "rf64", "8 bits", "24 bits", "32 bits", "12 bits in 2"),
    *("float", "alaw", "mulaw", "byte rate wrong", "byte rate 0"),
}
# Kaldi says nothing: what follows the data may be there for good reasons.
WARNED = {
    *("cut in a sample", "cut samples", "one frame of stereo", "size 7fffffff", "size too large", "byte rate wrong"),
    *("byte rate 0", "cut at 46", "cut at 49", "cut at 52", "cut at 55", "cut at 58"),
}


def read(content: bytes, warnings: list[str] | None = None) -> Audio:
    return read_audio(content, name="x.wav", warn=(warnings if warnings is not None else []).append)


@pytest.mark.parametrize("name", CASES)
def test_what_kaldi_reads(name: str) -> None:
    answer = json.loads(ANSWERS.read_text(encoding="utf-8"))[name]
    warnings: list[str] = []
    if answer is None and name not in BEYOND_KALDI:
        with pytest.raises(SoundFormatError) as caught:
            read(CASES[name])
        assert str(caught.value).startswith("x.wav: ") and "\n" not in str(caught.value)
        return
    audio = read(CASES[name], warnings)
    assert audio.samples.dtype == np.float32
    assert bool(warnings) == (name in WARNED), warnings
    if answer is not None:
        assert name not in BEYOND_KALDI
        assert {"rate": audio.rate, "channels": audio.samples.tolist()} == answer


def test_answers_are_those_of_all_cases() -> None:
    assert list(json.loads(ANSWERS.read_text(encoding="utf-8"))) == list(CASES)


@pytest.mark.parametrize(
    ("form", "data", "values"),
    [
        (wav_format(bits=8), bytes([0, 128, 255]), [-32768, 0, 32512]),
        (wav_format(bits=24), b"\0\0\x80\xff\xff\x7f\0\1\0", [-32768, 32768 - 2**-8, 1]),
        (wav_format(bits=32), struct.pack("<3i", -(2**31), 1 << 16, 3 << 14), [-32768, 1, 0.75]),
        (wav_format(bits=20, block=3), b"\0\0\x80", [-32768]),
        (wav_format(bits=24, block=4), struct.pack("<i", 5 << 16), [5]),
        (wav_format(3, bits=32), struct.pack("<3f", 1, -0.5, 2), [32768, -16384, 65536]),
        (wav_format(3, bits=64), struct.pack("<2d", 2**-15, 1e-30), [1, np.float32(32768e-30)]),
        (wav_format(6, bits=8), bytes([0xD5, 0x55, 0xAA, 0x2A]), [8, -8, 32256, -32256]),
        (wav_format(7, bits=8), bytes([0xFF, 0x7F, 0x80, 0x00]), [0, 0, 32124, -32124]),
        (wav_format(0xFFFE, bits=32, extra=extensible(3, 32)), struct.pack("<f", 1), [32768]),
        (wav_format(0xFFFE, bits=8, extra=extensible(7, 8)), bytes([0x80]), [32124]),
        (wav_format(0xFFFE, bits=24, extra=extensible(1, 20)), b"\0\0\x40", [16384]),
        (
            wav_format(0xFFFE, extra=extensible(tail=bytes.fromhex("000021 07d3118644c8c1ca000000"))),
            struct.pack("<h", 9),
            [9],
        ),
    ],
)
def test_full_scale_is_32768(form: bytes, data: bytes, values: list[float]) -> None:
    assert read(wav(data, form)).samples.tolist() == [values]


def test_extensible_of_rifx_by_fields() -> None:
    guid = struct.pack(">IHH", 1, 0, 16) + bytes.fromhex("800000aa00389b71")
    form = wav_format(0xFFFE, extra=struct.pack(">HHI", 22, 16, 0) + guid, order=">")
    assert read(wav(b"\1\2", form, order=">", riff=b"RIFX")).samples.tolist() == [[258]]


@pytest.mark.parametrize("riff", [b"RF64", b"BW64"])
def test_sizes_of_64_bits(riff: bytes) -> None:
    for size, found in ((6, 3), (0, 8), (2**64 - 1, 8)):
        sizes = chunk(b"ds64", struct.pack("<QQQI", 0, size, 0, 0))
        content = wav(riff=riff, riff_size=0xFFFFFFFF, data_size=0xFFFFFFFF, before=sizes)
        assert read(content).samples.shape == (1, found)
    # a size of 32 bits counts, whatever the size of the file
    assert read(wav(riff=riff, riff_size=0xFFFFFFFF, data_size=4)).samples.shape == (1, 2)


@pytest.mark.parametrize("pad", [b"\0", b"\7", b""])
def test_chunks_of_odd_size_with_and_without_a_byte_behind_them(pad: bytes) -> None:
    odd = chunk(b"LIST", bytes(27)) + pad
    assert read(wav(before=odd)).samples.shape == (1, 8)
    assert read(wav(between=odd)).samples.shape == (1, 8)
    assert read(wav(form=wav_format(extra=b"\0"), between=pad)).samples.shape == (1, 8)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (wav(form=wav_format(channels=0)), "x.wav: at byte 22: expected 1 channel or more, found 0"),
        (wav(form=wav_format(rate=0)), "x.wav: at byte 24: expected samples per second, found 0"),
        (wav(form=wav_format(bits=16, block=4)), "x.wav: at byte 34: expected 8 to 32 bits per sample, or floats of"),
        (wav(form=wav_format(bits=0, block=2)), "found 0 bits in 2 bytes"),
        (wav(form=wav_format(3, bits=16)), "found 16 bits in 2 bytes"),
        (wav(form=wav_format(channels=2, block=3)), "x.wav: at byte 32: expected blocks that hold 2 channels, found 3"),
        (wav()[:36], "x.wav: at byte 36: expected a chunk data, found the end of the file"),
        (wav()[:30], "x.wav: at byte 20: expected 16 bytes of the format, found 10, where the file ends"),
        (wav(between=chunk(b"LIST", b"", 1000)), "x.wav: at byte 44: expected 1000 bytes of a chunk 'LIST', found 24"),
        (wav(form=wav_format(0xFFFE, extra=extensible(tail=bytes(14)))), "x.wav: at byte 52: expected a known format"),
    ],
)
def test_what_is_wrong_and_where(content: bytes, message: str) -> None:
    with pytest.raises(SoundFormatError) as caught:
        read(content)
    assert message in str(caught.value)


def test_every_cut_and_flip_gives_samples_or_one_line() -> None:
    whole = wav(before=chunk(b"JUNK", bytes(3), pad=True), form=wav_format(0xFFFE, extra=extensible()))
    damaged = [whole[:end] for end in range(len(whole))]
    damaged += [whole[:i] + bytes([whole[i] ^ 1 << bit]) + whole[i + 1 :] for i in range(80) for bit in range(8)]
    refused = 0
    for content in damaged:
        try:
            read(content)
        except OvAsrScoreError as error:
            refused += 1
            assert str(error).startswith("x.wav: ") and "\n" not in str(error)
    assert 300 < refused < len(damaged)
