from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score.audio.audio_stream import AudioStream
from ov_asr_score.audio.lists import open_recording, recording_source
from ov_asr_score.audio.lists.open_recording import OpenRecording
from ov_asr_score.audio.lists.recording_source import RecordingSource
from ov_asr_score.audio.sample_formats import Samples
from ov_asr_score.errors import SoundFormatError
from ov_asr_score.settings.speech.sound import SoundSettings
from tests.audio.lists.sounds import ramp, wav_bytes

BLOCK = 100
STEREO = np.stack([ramp(1050), ramp(1050, 5000)])


@dataclass
class Decoded:
    """How often the sound was opened, and the frames that were decoded."""

    opened: int = 0
    frames: int = 0
    length: int | None = 1050
    can_move: bool = False


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> Decoded:
    """Small blocks, and what is decoded of them."""
    count = Decoded()
    original = recording_source.open_recording

    @contextmanager
    def opened(*args: Any, **kwargs: Any) -> Iterator[AudioStream]:
        with original(*args, **kwargs) as stream:
            count.opened += 1

            def counted(blocks: Iterator[Samples]) -> Iterator[Samples]:
                for block in blocks:
                    count.frames += block.shape[1]
                    yield block

            def decode_from(start: int, _: int) -> Iterator[Samples]:
                assert stream.decode_from is not None
                return counted(stream.decode_from(start, BLOCK))

            yield replace(
                stream,
                decode=lambda _: counted(stream.decode(BLOCK)),
                decode_from=decode_from if count.can_move else None,
                length=count.length,
            )

    monkeypatch.setattr(open_recording, "_MOST_LEFT_OUT", 2 * BLOCK)
    monkeypatch.setattr(open_recording, "open_recording", opened)
    return count


def recording(content: bytes | None = None, *, in_parts: bool = True, kept_blocks: int = 3) -> OpenRecording:
    source = RecordingSource("r", wav_bytes(STEREO) if content is None else content, "x.wav", "wav.scp: line 1")
    return OpenRecording(source, SoundSettings(), in_parts=in_parts, kept_bytes=kept_blocks * BLOCK * 8)


def read(opened: OpenRecording, channel: Any, first: int = 0, stop: int | None = None) -> Samples:
    return np.concatenate(list(opened.pieces(channel, first, stop)))


@pytest.mark.parametrize("in_parts", [False, True])
def test_whole_channels(decoded: Decoded, in_parts: bool) -> None:
    with recording(in_parts=in_parts) as opened:
        assert (opened.rate, opened.channels, opened.length) == (16000, 2, 1050)
        assert np.array_equal(read(opened, 1), STEREO[1])
    with recording(in_parts=in_parts) as opened:
        assert np.array_equal(read(opened, "mix"), STEREO.mean(axis=0))
    assert decoded == Decoded(opened=2, frames=2100)


def test_parts_in_order_are_decoded_once(decoded: Decoded) -> None:
    """Also where they overlap, or leave something out."""
    with recording() as opened:
        for channel, first, stop in [
            (0, 0, 10),
            (0, 5, 250),
            (1, 90, 310),
            (0, 500, 501),
            (1, 480, 900),
            (0, 900, 1050),
        ]:
            assert np.array_equal(read(opened, channel, first, stop), STEREO[channel, first:stop])
    assert decoded == Decoded(opened=1, frames=1050)


def test_parts_far_back_are_decoded_again(decoded: Decoded) -> None:
    with recording() as opened:
        assert np.array_equal(read(opened, 0, 800, 850), STEREO[0, 800:850])
        assert np.array_equal(read(opened, 0, 0, 50), STEREO[0, :50])
    assert decoded == Decoded(opened=2, frames=1000)


def test_places_are_found_where_a_file_can_be_moved_in(decoded: Decoded) -> None:
    decoded.can_move = True
    with recording() as opened:
        for first, stop in [(800, 850), (0, 50), (640, 660), (700, 1050), (20, 30)]:
            assert np.array_equal(read(opened, 1, first, stop), STEREO[1, first:stop])
    assert decoded.opened == 1
    assert decoded.frames == 100 + 100 + 100 + 310 + 100


def test_memory_is_flat(decoded: Decoded) -> None:
    with recording() as opened:
        for first in range(0, 1000, 7):
            read(opened, 0, first, first + 50)
            assert sum(block.nbytes for _, block in opened._kept) <= 3 * BLOCK * 8
    with recording(in_parts=False) as opened:
        read(opened, 0)
        assert not opened._kept
    with recording(kept_blocks=0) as opened:  # one block stays, or parts of it would decode everything again
        for first in range(0, 100, 10):
            read(opened, 0, first, first + 10)
    assert decoded.opened == 3


@pytest.mark.parametrize("can_move", [False, True])
def test_random_parts(decoded: Decoded, can_move: bool) -> None:
    decoded.can_move = can_move
    random = np.random.default_rng(7)
    with recording() as opened:
        for _ in range(100):
            first, stop = sorted(random.choice(1051, 2, replace=False))
            channel = int(random.integers(2))
            assert np.array_equal(read(opened, channel, int(first), int(stop)), STEREO[channel, first:stop])


def test_pieces_that_are_left_unread(decoded: Decoded) -> None:
    with recording() as opened:
        next(opened.pieces(0, 0, 1000))
        assert np.array_equal(read(opened, 0, 50, 400), STEREO[0, 50:400])
        next(opened.pieces(0, 700, 1000))[:] = -1  # changes nothing that is read again
        assert np.array_equal(read(opened, 0, 650, 800), STEREO[0, 650:800])
    assert decoded.opened == 1


def test_frames_are_counted_where_the_file_does_not_say_it(decoded: Decoded) -> None:
    decoded.length = None
    with recording() as opened:
        assert opened.length is None
        assert opened.counted() == 1050
        assert opened.counted() == opened.length == 1050
        assert np.array_equal(read(opened, 0, 10, 20), STEREO[0, 10:20])
    assert decoded == Decoded(opened=2, frames=1150, length=None)


def test_errors_name_the_place(decoded: Decoded) -> None:
    with pytest.raises(SoundFormatError, match=r"^wav.scp: line 1: recording 'r': x.wav: .*expected a sound file"):
        recording(b"no sound at all")
    with recording() as opened:
        with pytest.raises(SoundFormatError, match=r"^wav.scp: line 1: recording 'r': x.wav: expected channel 2"):
            opened.check_channel(2)
        with pytest.raises(SoundFormatError, match=r"^wav.scp: line 1: .* expected 1100 samples .* found 1050"):
            read(opened, 0, 0, 1100)
    with recording(wav_bytes(ramp(0))) as opened, pytest.raises(SoundFormatError, match="expected samples, found none"):
        read(opened, 0)


def test_closed_recordings(decoded: Decoded, tmp_path: Path) -> None:
    with recording() as opened:
        pass
    with pytest.raises(ValueError, match="before the next recording is asked for"):
        read(opened, 0)
