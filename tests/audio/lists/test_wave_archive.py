from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.audio.decoding import read_audio
from ov_asr_score.audio.lists.recording_source import FoundSource, RecordingSource
from ov_asr_score.audio.lists.wave_archive import WaveArchive
from ov_asr_score.errors import TableFormatError
from ov_asr_score.kaldi_io.specifier import parse_read_specifier
from tests.audio.lists.sounds import ramp, wav_bytes

OF_KALDI = Path(__file__).parents[2] / "kaldi_speech" / "features" / "segments" / "segments.wav.ark"


def archive(name: object, *, allow_commands: bool = False) -> WaveArchive:
    return WaveArchive(parse_read_specifier(f"ark:{name}"), allow_commands=allow_commands)


def lengths(found: WaveArchive) -> dict[str, int]:
    return {key: length(source) for key, source in found.sources()}


def length(source: FoundSource | None) -> int:
    assert isinstance(source, RecordingSource), source
    return len(read_audio(source.sound).samples[0])


@pytest.mark.parametrize("piped", [False, True])
def test_archive_of_kaldi(piped: bool) -> None:
    found = archive(f"cat {OF_KALDI} |" if piped else OF_KALDI, allow_commands=True)
    assert lengths(found) == {
        "es_john-t0021-000010-000060": 8000,
        "es_john-t0021-000055-end": 5731,
        "es_john-t0021-odd": 5333,
        "es_f4-t0000-slightly-past": 24023,
    }


@pytest.mark.parametrize("piped", [False, True])
def test_looking_up_in_any_order(piped: bool) -> None:
    found = archive(f"cat {OF_KALDI} |" if piped else OF_KALDI, allow_commands=True)
    assert length(found.find("es_john-t0021-odd")) == 5333
    assert length(found.find("es_john-t0021-000010-000060")) == 8000
    assert length(found.find("es_john-t0021-odd")) == 5333
    assert found.find("none") is None


@pytest.mark.parametrize("piped", [False, True])
def test_samples_are_read_at_their_place(tmp_path: Path, piped: bool) -> None:
    path = tmp_path / "x.ark"
    stereo = np.stack([ramp(50), ramp(50, 1000)])
    path.write_bytes(b"a " + wav_bytes(ramp(3)) + b"b " + wav_bytes(stereo, 8000) + b"c " + wav_bytes(ramp(7, 100)))
    sources = dict(archive(f"cat {path} |" if piped else path, allow_commands=True).sources())
    source = sources["b"]
    assert isinstance(source, RecordingSource)
    audio = read_audio(source.sound)
    assert audio.rate == 8000
    assert np.array_equal(audio.samples, stereo)
    assert (length(sources["a"]), length(sources["c"])) == (3, 7)


@pytest.mark.parametrize("piped", [False, True])
def test_sizes_of_streams_reach_to_the_end(tmp_path: Path, piped: bool) -> None:
    path = tmp_path / "x.ark"
    path.write_bytes(b"a " + wav_bytes(ramp(3)) + b"b " + wav_bytes(ramp(9), data_size=0xFFFFFFFF))
    assert lengths(archive(f"cat {path} |" if piped else path, allow_commands=True)) == {"a": 3, "b": 9}


@pytest.mark.parametrize("piped", [False, True])
def test_a_byte_behind_data_of_an_odd_size(tmp_path: Path, piped: bool) -> None:
    path = tmp_path / "x.ark"
    head = b"RIFF\x28\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x40\x1f\0\0\1\0\x08\0data\3\0\0\0\x80\x81\x7f"
    path.write_bytes(b"a " + head + b"\0b " + head + b"c " + wav_bytes(ramp(7)))
    assert lengths(archive(f"cat {path} |" if piped else path, allow_commands=True)) == {"a": 3, "b": 3, "c": 7}


def test_offset_in_the_name(tmp_path: Path) -> None:
    path = tmp_path / "x.ark"
    first = b"a " + wav_bytes(ramp(3))
    path.write_bytes(first + b"b " + wav_bytes(ramp(9)))
    assert lengths(archive(f"{path}:{len(first)}")) == {"b": 9}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"b fLaC\0\0\0\0", "'b' at byte 54: expected a wav file behind the key, found 'fLaC'; nothing after it"),
        (b"b \0BFM \4", "found '\\x00BFM'; this looks like an archive of features"),
        (b"b ", "expected a wav file behind the key, found the end of the file"),
        (b"b RIFF\0\0\0\0WAVEdata", "recording 'b': at byte 70: expected 4 bytes of a wav header"),
        (b"b", "expected a blank after the key, found the end of the file"),
        (b"b RIFF\0\0\0\0WAXE", "expected WAVE, found 'WAXE'"),
    ],
)
@pytest.mark.parametrize("piped", [False, True])
def test_damage_ends_an_archive(tmp_path: Path, content: bytes, message: str, piped: bool) -> None:
    path = tmp_path / "x.ark"
    path.write_bytes(b"a " + wav_bytes(ramp(3)) + content)
    first, (key, error) = archive(f"cat {path} |" if piped else path, allow_commands=True).sources()
    assert length(first[1]) == 3
    assert isinstance(error, Exception)
    assert key in ("b", "")
    assert message in str(error)
    assert "nothing after it can be read" in str(error)
    assert "\n" not in str(error)


def test_cut_archives_hold_what_is_there(tmp_path: Path) -> None:
    """The last recording may be cut within its samples: Kaldi warns, and takes what is there."""
    path = tmp_path / "x.ark"
    path.write_bytes(b"a " + wav_bytes(ramp(30))[:-20])
    assert lengths(archive(path)) == {"a": 20}


def test_keys_must_differ_where_they_are_looked_up(tmp_path: Path) -> None:
    path = tmp_path / "x.ark"
    path.write_bytes((b"a " + wav_bytes(ramp(3))) * 2)
    assert [key for key, _ in archive(path).sources()] == ["a", "a"]
    with pytest.raises(TableFormatError, match=r"x.ark: recording 'a': the key came before"):
        archive(path).find("b")
    (tmp_path / "y.ark").write_bytes(b"a " + wav_bytes(ramp(3)))
    with pytest.raises(TableFormatError, match=r"y.ark: the key 'a' is also in .*x.ark"):
        list(archive(tmp_path / "*.ark").sources())
