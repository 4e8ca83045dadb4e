from __future__ import annotations

import io
import logging
import sys
import tracemalloc
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score.audio.recordings import DEFAULT_SETTINGS, Recording, estimate_recordings, read_recordings
from ov_asr_score.audio.sample_formats import Samples
from ov_asr_score.errors import (
    FileAccessError,
    OvAsrScoreError,
    SoundFormatError,
    SpecifierError,
    TableFormatError,
)
from ov_asr_score.settings.path_map import parse_path_map
from ov_asr_score.settings.shard import Shard
from ov_asr_score.settings.speech.sound import Channel, SoundSettings
from tests.audio.lists.sounds import ramp, wav_bytes, write_wav

KALDI = Path(__file__).parents[1] / "kaldi_speech" / "features"


def whole(recording: Recording) -> Samples:
    return np.concatenate(list(recording.pieces()))


def samples(source: str | Sequence[str], settings: SoundSettings = DEFAULT_SETTINGS, **how: Any) -> dict[str, Samples]:
    return {each.key: whole(each) for each in read_recordings(source, settings, **how)}


def skipping(source: str, settings: SoundSettings = DEFAULT_SETTINGS, **how: Any) -> tuple[list[str], dict[str, str]]:
    """The keys that are read, and the messages of those that are not."""
    errors: dict[str, str] = {}

    def on_skip(key: str, error: OvAsrScoreError) -> None:
        errors[key] = str(error)

    return list(samples(source, settings, on_skip=on_skip, **how)), errors


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with two recordings, one of them with two channels, and speakers."""
    write_wav(tmp_path / "mono.wav", ramp(16000))
    write_wav(tmp_path / "stereo.wav", np.stack([ramp(8000), ramp(8000, 10000)]), 8000)
    (tmp_path / "wav.scp").write_text(f"m {tmp_path}/mono.wav\ns cat {tmp_path}/stereo.wav |\n")
    (tmp_path / "utt2spk").write_text("m anna\ns bert\n")
    (tmp_path / "spk2utt").write_text("anna m\nbert s\n")
    return tmp_path


class TestKaldi:
    """Segments as extract-segments cuts them, bit for bit."""

    @pytest.fixture(autouse=True)
    def folder(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pytest.importorskip("soundfile")
        monkeypatch.chdir(KALDI)

    @pytest.mark.parametrize(
        ("scp", "settings", "archive"),
        [
            ("all.scp", SoundSettings(segments="segments/segments"), "segments"),
            (
                "all.scp",
                SoundSettings(segments="segments/segments", min_segment_length=0.02, max_overshoot=0.1),
                "min0.02_overshoot0.1",
            ),
            ("stereo.scp", SoundSettings(segments="segments/segments_ch"), "stereo"),
        ],
    )
    def test_segments(self, scp: str, settings: SoundSettings, archive: str) -> None:
        expected = samples(f"wav,ark:segments/{archive}.wav.ark")
        found = samples(f"wav,scp:{scp}", settings, on_skip=lambda key, error: None)
        assert list(found) == list(expected)
        assert all(np.array_equal(found[key], expected[key]) for key in expected)

    def test_what_kaldi_leaves_out_is_told(self) -> None:
        keys, errors = skipping("wav,scp:all.scp", SoundSettings(segments="segments/segments"))
        assert len(keys) == 4
        assert list(errors) == ["es_john-t0021-overshoot", "es_john-t0021-short"]
        assert errors["es_john-t0021-short"] == (
            "segments/segments: line 5: segment 'es_john-t0021-short': expected at least 0.100000001 seconds "
            "(min_segment_length), found 0.05: from 0.1 to 0.15"
        )

    def test_lists_files_and_archives(self) -> None:
        listed = samples("wav,scp:all.scp")
        files = samples([f"wav/{key}.flac" for key in listed])
        assert list(files) == list(listed)
        assert {key: len(each) for key, each in listed.items()} == {
            "clip": 14531,
            "es_Annie-t0024": 9403,
            "es_f4-t0000": 27223,
            "es_john-t0021": 14531,
            "flite_slt-t0017": 17165,
            "silent": 6400,
            "tiny": 320,
        }
        assert all(np.array_equal(files[key], listed[key]) for key in listed)


def test_data_directory(data: Path) -> None:
    found = list(read_recordings(str(data)))
    assert [(each.key, each.speaker, each.rate, each.length) for each in found] == [
        ("m", "anna", 16000, 16000),
        ("s", "bert", 8000, 8000),
    ]
    (data / "segments").write_text("m-2 m 0.5 -1\nm-1 m 0 0.5\ns-1 s 0.25 0.5 1\n")
    (data / "utt2spk").write_text("m-1 anna\nm-2 anna\ns-1 bert\n")
    (data / "spk2utt").write_text("anna m-1 m-2\nbert s-1\n")
    segments = {each.key: (each, whole(each)) for each in read_recordings(str(data))}
    assert [(each.speaker, each.rate, each.length) for each, _ in segments.values()] == [
        ("anna", 16000, 8000),
        ("anna", 16000, 8000),
        ("bert", 8000, 2000),
    ]
    assert np.array_equal(segments["m-2"][1], ramp(8000, 8000))
    assert np.array_equal(segments["m-1"][1], ramp(8000))
    assert np.array_equal(segments["s-1"][1], ramp(2000, 12000))


def test_given_lists_come_before_those_of_a_directory(data: Path) -> None:
    (data / "segments").write_text("x m 0 1\n")
    (data / "other").write_text("y m 0 1\n")
    (data / "speakers").write_text("y carla\n")
    [found] = read_recordings(str(data), SoundSettings(segments=f"{data}/other"), utt2spk=f"{data}/speakers")
    assert (found.key, found.speaker) == ("y", "carla")


def test_directories_that_contradict_themselves(data: Path) -> None:
    (data / "spk2utt").write_text("anna m s\n")
    with pytest.raises(TableFormatError, match="expected the same speaker in both directions"):
        read_recordings(str(data))


@pytest.mark.parametrize(
    ("channel", "keys"),
    [(None, ["m", "s"]), (0, ["m", "s"]), ("mix", ["m", "s"]), ("all", ["m", "s-0", "s-1"])],
)
def test_channels(data: Path, channel: Channel, keys: list[str], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        found = samples(str(data), SoundSettings(channel=channel))
    assert list(found) == keys
    first = {None: 0, 0: 0, "mix": 5000, "all": 0}[channel]
    assert np.array_equal(found[keys[1]], ramp(8000, first))
    if channel == "all":
        assert np.array_equal(found["s-1"], ramp(8000, 10000))
        assert [each.speaker for each in read_recordings(str(data), SoundSettings(channel="all"))] == [
            *("anna", "bert", "bert")
        ]
    assert ("stereo.wav: has 2 channels, of which the first is taken" in caplog.text) == (channel is None)


def test_missing_channel_is_an_error_of_one_recording(data: Path) -> None:
    keys, errors = skipping(str(data), SoundSettings(channel=1))
    assert keys == ["s"]
    assert "line 1: recording 'm': " in errors["m"]
    assert "expected channel 1 (counted from 0), found 1 channel" in errors["m"]


def test_channels_of_segments(data: Path) -> None:
    """Of several channels one must be chosen, as in extract-segments, where a line can say it."""
    (data / "segments").write_text("a s 0 0.5\nb s 0 0.5 1\nc m 0 0.5\nd m 0 0.5 1\n")
    for name in ("utt2spk", "spk2utt"):
        (data / name).unlink()
    keys, errors = skipping(str(data))
    assert keys == ["b", "c"]
    assert errors["a"] == (
        f"{data}/segments: line 1: segment 'a': expected a channel in the line, as the recording has 2; write it "
        "there, or choose one for all (channel)"
    )
    assert "segments: line 4: segment 'd': " in errors["d"]
    assert "expected channel 1 (counted from 0), found 1 channel" in errors["d"]
    found = samples(str(data), SoundSettings(channel="all"), on_skip=lambda key, error: None)
    assert list(found) == ["a-0", "a-1", "b", "c"]
    assert np.array_equal(found["a-1"], found["b"])


def test_segments_of_recordings_that_cannot_be_read(data: Path) -> None:
    (data / "wav.scp").write_text(f"m {data}/mono.wav\nbad {data}/utt2spk\n")
    (data / "segments").write_text("a none 0 1\nb bad 0 1\nc m 0 1\nd bad 0 1\n")
    for name in ("utt2spk", "spk2utt"):
        (data / name).unlink()
    (data / "utt2spk").write_text("c x\n")
    keys, errors = skipping(str(data))
    assert keys == ["c"]
    assert errors["a"] == f"{data}/segments: line 1: segment 'a': no recording 'none' in {data}"
    for key, line in (("b", 2), ("d", 4)):
        assert errors[key].startswith(
            f"{data}/segments: line {line}: segment '{key}': {data}/wav.scp: line 2: recording"
        )
    with pytest.raises(TableFormatError, match="no recording 'none'"):
        samples(str(data))


def test_commands_need_leave(data: Path) -> None:
    (data / "wav.scp").write_text(f"m true && cat {data}/mono.wav |\n")
    with pytest.raises(SpecifierError, match="run only with allow_commands"):
        samples(str(data), on_skip=lambda key, error: None)
    assert list(samples(str(data), allow_commands=True)) == ["m"]
    (data / "segments").write_text("a m 0.5 1\nb m 0 0.5\n")
    for name in ("utt2spk", "spk2utt"):
        (data / name).unlink()
    found = samples(str(data), allow_commands=True)
    assert np.array_equal(np.concatenate([found["b"], found["a"]]), ramp(16000))


def test_path_map(data: Path) -> None:
    (data / "wav.scp").write_text("m /old/mono.wav\ns cat /old/stereo.wav |\n")
    path_map = parse_path_map([f"/old={data}"])
    assert list(samples(str(data), path_map=path_map)) == ["m", "s"]
    assert list(samples(f"wav,scp:{data}/wav.scp", path_map=path_map)) == ["m", "s"]


def test_damage_stops_or_is_skipped(data: Path, caplog: pytest.LogCaptureFixture) -> None:
    (data / "wav.scp").write_text(f"x {data}/none.wav\ny {data}/utt2spk\nm {data}/mono.wav\n")
    with pytest.raises(FileAccessError, match=r"line 1: recording 'x': .*none.wav: no such file"):
        samples(f"wav,scp:{data}/wav.scp")
    keys, errors = skipping(f"wav,scp:{data}/wav.scp")
    assert (keys, list(errors)) == (["m"], ["x", "y"])
    with caplog.at_level(logging.WARNING):
        assert list(samples(f"wav,scp,p:{data}/wav.scp")) == ["m"]
    assert caplog.text.count("skipped: ") == 2


def test_damage_within_a_recording_leaves_the_next(tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    noise = np.random.default_rng(1).integers(-9999, 9999, 50000).astype(np.int16)
    soundfile.write(tmp_path / "a.flac", noise, 16000)
    content = (tmp_path / "a.flac").read_bytes()
    (tmp_path / "a.flac").write_bytes(content[: len(content) // 2])
    write_wav(tmp_path / "b.wav", ramp(10))
    found = read_recordings(f"wav:{tmp_path}")
    with pytest.raises(SoundFormatError, match=r"a.flac: "):
        whole(next(found))
    assert np.array_equal(whole(next(found)), ramp(10))


def test_archives_with_segments(tmp_path: Path) -> None:
    archive = tmp_path / "x.ark"
    archive.write_bytes(b"a " + wav_bytes(ramp(16000)) + b"b " + wav_bytes(ramp(16000, 7)))
    (tmp_path / "segments").write_text("2 b 0 1\n1 a 0 0.5\n3 b 0.5 1\n")
    settings = SoundSettings(segments=f"{tmp_path}/segments")
    for source in (f"wav,ark:{archive}", f"wav,ark:cat {archive} |"):
        found = samples(source, settings, allow_commands=True)
        assert list(found) == ["2", "1", "3"]
        assert np.array_equal(found["1"], ramp(8000))
        assert np.array_equal(found["3"], ramp(8000, 8007))


def test_shards_cover_everything_once(data: Path) -> None:
    (data / "wav.scp").write_text("".join(f"k{number} {data}/mono.wav\n" for number in range(7)))
    (data / "segments").write_text("".join(f"s{number} k1 0 {(number + 2) / 10}\n" for number in range(5)))
    archive = data / "x.ark"
    archive.write_bytes(b"".join(b"a%d " % number + wav_bytes(ramp(3)) for number in range(5)))
    for source, settings in (
        (f"wav,scp:{data}/wav.scp", SoundSettings()),
        (f"wav,scp:{data}/wav.scp", SoundSettings(segments=f"{data}/segments")),
        (f"wav,ark:{archive}", SoundSettings()),
        (f"wav:{data}", SoundSettings()),
    ):
        joined = [key for index in (1, 2, 3) for key in samples(source, settings, shard=Shard(index, 3))]
        assert sorted(joined) == sorted(samples(source, settings))
        if "ark" not in source:
            assert joined == list(samples(source, settings))


def test_numbers_of_recordings_are_known_before(data: Path) -> None:
    assert estimate_recordings(str(data)) == 2
    assert estimate_recordings(f"wav:{data}") == 2
    assert estimate_recordings(f"wav,scp:{data}/*.scp") is None
    assert estimate_recordings("wav,ark:x.ark") is None
    assert estimate_recordings("wav,scp:/none") is None
    (data / "segments").write_text("a m 0 1\nb m 0 1\nc m 0 1\n")
    assert estimate_recordings(str(data)) == 3
    assert estimate_recordings(f"wav,ark:{data}/x.ark", SoundSettings(segments=f"{data}/segments")) == 3


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    content = wav_bytes(np.stack([ramp(100), ramp(100, 50)]), data_size=0xFFFFFFFF)
    for channel, keys in ((1, ["stdin"]), ("all", ["stdin-0", "stdin-1"])):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        found = samples("-", SoundSettings(channel=channel))  # type: ignore[arg-type]
        assert list(found) == keys
        assert np.array_equal(found[keys[-1]], ramp(100, 50))


def test_damaged_lists_give_one_line(tmp_path: Path) -> None:
    """Cuts, flips and insertions in each file in turn."""
    write_wav(tmp_path / "x.wav", ramp(8000))
    whole_files = {
        "wav.scp": f"a {tmp_path}/x.wav\nb cat {tmp_path}/x.wav |\n".encode(),
        "segments": b"a-1 a 0.1 0.4\nb-1 b 0.05 -1 0\n",
        "utt2spk": b"a-1 anna\nb-1 bert\n",
        "spk2utt": b"anna a-1\nbert b-1\n",
        "x.ark": b"a " + wav_bytes(ramp(40)) + b"b " + wav_bytes(ramp(40)),
    }
    random = np.random.default_rng(3)
    messages: list[str] = []
    for name, content in whole_files.items():
        source = f"wav,ark:{tmp_path}/x.ark" if name == "x.ark" else str(tmp_path)
        for damaged in _damaged(content, random):
            for each, intact in whole_files.items():
                (tmp_path / each).write_bytes(damaged if each == name else intact)
            messages.clear()
            try:
                for recording in read_recordings(source, on_skip=lambda _, error: messages.append(str(error))):
                    for piece in recording.pieces():
                        assert piece.dtype == np.float32
            except OvAsrScoreError as error:
                messages.append(str(error))
            assert all(message.isprintable() and message.startswith(str(tmp_path)) for message in messages)


def _damaged(content: bytes, random: np.random.Generator) -> Iterator[bytes]:
    for end in range(0, len(content), 5):
        yield content[:end]
    for _ in range(40):
        changed = bytearray(content)
        changed[random.integers(len(content))] ^= 1 << int(random.integers(8))
        place = int(random.integers(len(content)))
        changed[place:place] = bytes(random.integers(0, 256, random.integers(3), np.uint8))
        yield bytes(changed)


def test_sources_that_are_refused(data: Path) -> None:
    for sources in (["a.wav", "wav,scp:x"], [str(data), "a.wav"]):
        with pytest.raises(SpecifierError, match="expected one source, or sound files only"):
            read_recordings(sources)
    with pytest.raises(SpecifierError):
        read_recordings("wav,npz:x")
    with pytest.raises(FileAccessError, match="no such file"):
        read_recordings("wav,scp:/none/wav.scp")


def test_samples_must_be_read_in_time(data: Path) -> None:
    first, *_ = read_recordings(str(data))
    with pytest.raises(ValueError, match="before the next recording is asked for"):
        whole(first)


def test_long_recordings_take_flat_memory(tmp_path: Path) -> None:
    """20 minutes take 77 MB as float32, of which 32 MB may stay."""
    size = 20 * 60 * 16000
    path = tmp_path / "long.wav"
    with path.open("wb") as file:
        file.write(wav_bytes(ramp(0), data_size=2 * size))
        file.truncate(44 + 2 * size)
    (tmp_path / "wav.scp").write_text(f"r {path}\n")
    lines = (f"s{start} r {start} {start + 2.5}\n" for start in range(0, 1197, 2))
    (tmp_path / "segments").write_text("".join(lines))
    tracemalloc.start()
    try:
        for settings in (SoundSettings(), SoundSettings(segments=f"{tmp_path}/segments")):
            count = 0
            for recording in read_recordings(f"wav,scp:{tmp_path}/wav.scp", settings):
                count += sum(len(piece) for piece in recording.pieces())
            assert count == (599 * 40000 if settings.segments else size)
        assert tracemalloc.get_traced_memory()[1] < 45e6
    finally:
        tracemalloc.stop()
