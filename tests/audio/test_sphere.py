from __future__ import annotations

import io
import struct

import numpy as np
import pytest

from ov_asr_score.audio.byte_source import ByteSource
from ov_asr_score.audio.decoding import read_audio
from ov_asr_score.audio.sphere import read_sphere_header
from ov_asr_score.errors import OvAsrScoreError, SoundFormatError
from tests.audio.shorten_bytes import shortened, sphere
from tests.audio.sounds import by_soundfile, speech

PCM: dict[str, object] = {
    "sample_rate": 8000,
    "channel_count": 1,
    "sample_n_bytes": 2,
    "sample_byte_format": "01",
    "sample_coding": "pcm",
}
DATA = struct.pack("<4h", 1, -2, 300, -32768)


@pytest.mark.parametrize(
    ("fields", "encoding"),
    [
        ({}, "s16le"),
        ({"sample_byte_format": "10"}, "s16be"),
        ({"sample_coding": "pcm", "sample_n_bytes": 1, "sample_byte_format": "1"}, "s8"),
        ({"sample_coding": "ulaw", "sample_n_bytes": 1, "sample_byte_format": "1"}, "mulaw"),
        ({"sample_coding": "mu-law", "sample_n_bytes": 1}, "mulaw"),
        ({"sample_coding": "ALAW", "sample_n_bytes": 1}, "alaw"),
        ({"sample_coding": "pcm,embedded-shorten-v2.00"}, "s16le"),  # what counts is how the data begin
        ({"sample_n_bytes": 3}, "s24le"),
    ],
)
def test_encodings(fields: dict[str, object], encoding: str) -> None:
    source = ByteSource(io.BytesIO(sphere(DATA, {**PCM, **fields})), "x.sph")
    header = read_sphere_header(source)
    assert (header.encoding, header.rate, header.channels, header.count) == (encoding, 8000, 1, None)
    assert source.offset == 1024


def test_fields_that_may_be_missing() -> None:
    fields = {name: value for name, value in PCM.items() if name not in ("sample_coding", "sample_n_bytes")}
    header = read_sphere_header(ByteSource(io.BytesIO(sphere(DATA, fields, 2048)), "x.sph"))
    assert header.encoding == "s16le"


def test_samples_are_those_of_libsndfile() -> None:
    samples = speech(0.1, 2)
    audio = read_audio(by_soundfile(samples, "NIST", "PCM_16"))
    np.testing.assert_array_equal(audio.samples, samples)
    assert audio.rate == 16000
    for subtype in ("ULAW", "ALAW"):
        coded = read_audio(by_soundfile(samples, "NIST", subtype)).samples
        assert 0 < np.abs(coded - samples).max() < 600


def test_samples_reach_to_the_end_of_the_file() -> None:
    warnings: list[str] = []
    audio = read_audio(sphere(DATA, {**PCM, "sample_count": 2}), name="x.sph", warn=warnings.append)
    assert audio.samples.tolist() == [[1, -2, 300, -32768]]
    assert warnings == ["x.sph: expected 2 samples of each channel, found 4, all are taken"]


@pytest.mark.parametrize("channels", [1, 2])
def test_shorten(channels: int) -> None:
    pytest.importorskip("av")
    samples = speech(0.7, channels)
    fields = {**PCM, "channel_count": channels, "sample_coding": "pcm,embedded-shorten-v2.00"}
    content = sphere(shortened(samples), {**fields, "sample_count": samples.shape[1]})
    audio = read_audio(content)
    assert audio.rate == 8000
    np.testing.assert_array_equal(audio.samples, samples)
    with pytest.raises(
        SoundFormatError, match=r"expected 11200 samples of each channel, found .*; the file is cut|found damage"
    ):
        read_audio(content[: len(content) * 2 // 3])


def test_shorten_of_other_codes_is_refused() -> None:
    fields = {**PCM, "sample_coding": "ulaw,embedded-shorten-v2.00", "sample_n_bytes": 1}
    with pytest.raises(SoundFormatError, match=r"found ulaw,embedded-shorten.*; convert the file: sph2pipe -f wav"):
        read_audio(sphere(b"ajkg\2" + bytes(50), fields))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (sphere(DATA, {**PCM, "sample_rate": 0}), "x.sph: at byte 16: expected sample_rate of at least 1, found '0'"),
        (
            sphere(DATA, {"channel_count": 1}),
            "x.sph: at byte 0: expected fields sample_rate and channel_count, found none",
        ),
        (
            sphere(DATA, {**PCM, "sample_coding": "adpcm"}),
            "expected samples coded as pcm, ulaw or alaw, found 'adpcm'",
        ),
        (sphere(DATA, {**PCM, "sample_n_bytes": 5}), "expected 1 to 4 bytes per sample, found 5"),
        (
            sphere(DATA, {**PCM, "sample_byte_format": "shortpack"}),
            "expected sample_byte_format 01 or 10, found 'sho",
        ),
        (sphere(DATA, {**PCM, "sample_coding": "ulaw"}), "expected 1 byte for each sample of ulaw, found 2"),
        (sphere(DATA, PCM, end=""), "expected a line end_head in the header, found none"),
        (sphere(DATA, PCM)[:500], "x.sph: at byte 16: expected 1008 bytes of a NIST SPHERE header, found 484"),
        (b"NIST_1A\n   abc\n\n" + bytes(2000), "x.sph: at byte 8: expected the size of the header, found"),
        (sphere(b"", PCM), "x.sph: expected samples, found none"),
    ],
)
def test_what_is_wrong_and_where(content: bytes, message: str) -> None:
    with pytest.raises(SoundFormatError) as caught:
        read_audio(content, name="x.sph")
    assert message in str(caught.value)


def test_every_cut_and_flip_gives_samples_or_one_line() -> None:
    whole = sphere(DATA, {**PCM, "sample_count": 4})
    damaged = [whole[:end] for end in range(0, len(whole), 7)]
    damaged += [whole[:i] + bytes([whole[i] ^ 1 << bit]) + whole[i + 1 :] for i in range(160) for bit in range(8)]
    refused = 0
    for content in damaged:
        try:
            read_audio(content, name="x.sph", warn=lambda _: None)
        except OvAsrScoreError as error:
            refused += 1
            assert str(error).startswith("x.sph: ") and "\n" not in str(error)
    assert 300 < refused < len(damaged)
