from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.audio.audio_stream import AudioStream
from ov_asr_score.audio.lists.decoding_commands import DecodingCommand
from ov_asr_score.audio.lists.recording_source import RecordingSource, held, open_recording
from ov_asr_score.errors import SoundFormatError, SpecifierError, TableFormatError
from ov_asr_score.settings.speech.sound import SoundSettings
from tests.audio.lists.sounds import ramp, wav_bytes, write_wav

SETTINGS = SoundSettings()
STEREO = np.stack([ramp(1000), ramp(1000, 5000)])


def samples(source: RecordingSource, *, allow_commands: bool = False) -> np.ndarray:
    with open_recording(source, SETTINGS, allow_commands=allow_commands) as stream:
        assert isinstance(stream, AudioStream)
        blocks = list(stream.blocks(300))
        assert {len(block) for block in blocks} == {stream.channels}
        return np.concatenate(blocks, axis=1)


def test_paths_names_and_bytes(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "x:12", STEREO)
    assert np.array_equal(samples(RecordingSource("a", path, "x")), STEREO)
    offset = tmp_path / "x.ark"
    offset.write_bytes(b"a " + wav_bytes(STEREO) + b"more")
    assert np.array_equal(samples(RecordingSource("a", f"{offset}:2", "x")), STEREO)
    assert np.array_equal(samples(RecordingSource("a", wav_bytes(STEREO), "x")), STEREO)


def test_commands_choose_a_channel(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "x.wav", STEREO)
    source = RecordingSource("a", path, "x", command=DecodingCommand(str(path), channel=1))
    assert np.array_equal(samples(source), STEREO[1:])
    with pytest.raises(SoundFormatError, match=r"x: expected channel 2 .*found 2 channels"):
        samples(RecordingSource("a", path, "x", command=DecodingCommand(str(path), channel=2)))


def test_commands_give_integers_of_16_bits(tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    path = tmp_path / "x.wav"
    soundfile.write(path, np.array([0.25, 0.5, 1.4, -3, 40000.7]) / 32768, 16000, subtype="FLOAT")
    assert samples(RecordingSource("a", path, "x"))[0, :2].tolist() == [0.25, 0.5]
    source = RecordingSource("a", path, "x", command=DecodingCommand(str(path)))
    assert samples(source).tolist() == [[0, 0, 1, -3, 32767]]


@pytest.mark.parametrize("allow_commands", [False, True])
def test_mp3_behind_sox(
    tmp_path: Path, allow_commands: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Sox leaves the delay of the encoder: it is run if that is allowed, and told of if not."""
    soundfile = pytest.importorskip("soundfile")
    if "MP3" not in soundfile.available_formats():
        pytest.skip("this libsndfile has no MP3")
    path = tmp_path / "x.mp3"
    soundfile.write(path, np.sin(np.arange(16000) / 20) / 2, 16000)
    sox = tmp_path / "bin" / "sox"
    sox.parent.mkdir()
    (tmp_path / "out.wav").write_bytes(wav_bytes(ramp(17681)))
    sox.write_text(
        f"#!{sys.executable}\nimport sys\nsys.stdout.buffer.write(open('{tmp_path}/out.wav', 'rb').read())\n"
    )
    sox.chmod(0o755)
    monkeypatch.setenv("PATH", f"{sox.parent}{os.pathsep}{os.environ['PATH']}")
    source = RecordingSource(
        "a",
        path,
        "x.mp3",
        command=DecodingCommand(str(path), leaves_delay=True),
        runnable=f"sox {path} -t wav - |",
    )
    with caplog.at_level(logging.WARNING):
        count = samples(source, allow_commands=allow_commands).shape[1]
    assert count == (17681 if allow_commands else 16000)
    assert ("x.mp3: sox leaves the delay of the encoder" in caplog.text) != allow_commands


def test_what_can_be_read_once_is_held(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "x.wav", STEREO)
    for sound in (path, str(path), f"{path}:0", b"x"):
        plain = RecordingSource("a", sound, "x")
        assert plain.can_reopen
        assert held(plain, SETTINGS) is plain
    command = RecordingSource("a", f"cat {path} |", "x")
    assert not command.can_reopen
    assert held(command, SETTINGS, allow_commands=True).sound == path.read_bytes()
    with pytest.raises(SpecifierError, match="commands are not run unless allowed"):
        held(command, SETTINGS)
    with pytest.raises(SoundFormatError, match=r"x: expected at most 100 bytes, found more; .*max_sound_size"):
        held(command, SoundSettings(max_sound_size=100), allow_commands=True)


def test_errors_name_the_place() -> None:
    error = TableFormatError("damaged; max_overshoot", fields=("max_overshoot",))
    named = RecordingSource("k", b"", "x", "wav.scp: line 3").named(error)
    assert str(named) == "wav.scp: line 3: recording 'k': damaged; max_overshoot"
    assert (type(named), named.fields) == (TableFormatError, ("max_overshoot",))
    assert RecordingSource("k", b"", "x").named(error) is error
