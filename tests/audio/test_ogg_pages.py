from __future__ import annotations

import io

import pytest

from ov_asr_score.audio import ogg_pages
from ov_asr_score.audio.ogg_pages import check_ogg
from ov_asr_score.audio.seekable_file import SeekableFile
from ov_asr_score.errors import SoundFormatError
from tests.audio.sounds import by_soundfile, speech


def check(content: bytes) -> tuple[bool, list[str]]:
    warnings: list[str] = []
    facts = check_ogg(SeekableFile(io.BytesIO(content)), "x.ogg", warnings.append)
    return facts.is_chained, warnings


def pages(content: bytes) -> list[bytes]:
    starts = [0]
    while (place := content.find(b"OggS\0", starts[-1] + 4)) > 0:
        starts.append(place)
    return [content[first:last] for first, last in zip(starts, [*starts[1:], len(content)], strict=True)]


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
@pytest.mark.parametrize("read_bytes", [1 << 20, 700])
def test_whole_chained_cut_and_damaged(subtype: str, read_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ogg_pages, "_READ_BYTES", read_bytes)
    whole = by_soundfile(speech(5), "OGG", subtype)
    parts = pages(whole)
    assert len(parts) > 4
    assert check(whole) == (False, [])
    assert check(whole + by_soundfile(speech(1), "OGG", subtype)) == (True, [])
    cut_warning = ["x.ogg: expected a last page of Ogg, found none; the file is cut"]
    for cut in (whole[:-1], whole[: -len(parts[-1])], whole[: len(whole) // 2]):
        assert check(cut) == (False, cut_warning)
    last = len(whole) - len(parts[-1])
    for place in (last, last + 6, last + 14, len(whole) - 1):
        flipped = bytearray(whole)
        flipped[place] ^= 1
        with pytest.raises(SoundFormatError, match=f"x.ogg: at byte {last}: expected .*a page of Ogg, found damage"):
            check(bytes(flipped))
    without = b"".join(parts[:3] + parts[4:])
    place = sum(map(len, parts[:3]))
    with pytest.raises(SoundFormatError, match=f"at byte {place}: expected the next page of Ogg, found 4 after 2"):
        check(without)
    with pytest.raises(SoundFormatError, match="found one of a recording without beginning"):
        check(b"".join(parts[2:]))
