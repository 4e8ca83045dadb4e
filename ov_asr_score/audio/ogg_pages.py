"""Whether an Ogg file is whole: libraries leave out damaged pages without a word, and what follows is too early then.

Each page (RFC 3533) holds its number, and a checksum over all of it.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from ov_asr_score.audio.audio_stream import Warn
from ov_asr_score.audio.seekable_file import SeekableFile
from ov_asr_score.errors import SoundFormatError

_HEADER_BYTES = 27
_CONTINUED, _FIRST, _LAST = 1, 2, 4
_MOST_PAGE_BYTES = _HEADER_BYTES + 255 + 255 * 255
_READ_BYTES = 1 << 20
_TURNED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True, slots=True)
class OggFacts:
    """``is_chained``: there are other recordings behind the first."""

    is_chained: bool


def check_ogg(file: SeekableFile, name: str, warn: Warn) -> OggFacts:
    """What the pages tell; ``warn`` is called if the last page is missing, as in a file that is cut.

    Raises SoundFormatError with the byte of a page that is damaged, or is missing before another.
    """
    numbers: dict[int, int] = {}  # by recording, the number of its last page
    ended: set[int] = set()
    is_chained = False
    buffer, offset = file.read(_READ_BYTES), 0
    place = 0  # of the page in the buffer
    while True:
        while len(buffer) - place < _MOST_PAGE_BYTES and (piece := file.read(_READ_BYTES)):
            buffer, offset, place = buffer[place:] + piece, offset + place, 0
        size = _page_bytes(buffer, place)
        if place + size > len(buffer) or len(buffer) - place < _HEADER_BYTES:
            break
        if buffer[place : place + 4] != b"OggS":
            raise SoundFormatError(f"{name}: at byte {offset + place}: expected a page of Ogg, found damage")
        flags, serial, number, checksum = struct.unpack_from("<B8xIII", buffer, place + 5)
        if _checksum(buffer[place : place + size]) != checksum:
            raise SoundFormatError(
                f"{name}: at byte {offset + place}: expected the checksum {checksum:08x} of a page of Ogg, found damage"
            )
        if flags & _FIRST:
            is_chained = is_chained or bool(ended)
            ended.discard(serial)
        elif number != numbers.get(serial, -1) + 1:
            found = f"{number} after {numbers[serial]}" if serial in numbers else "one of a recording without beginning"
            raise SoundFormatError(f"{name}: at byte {offset + place}: expected the next page of Ogg, found {found}")
        numbers[serial] = number
        if flags & _LAST:
            ended.add(serial)
        place += size
    if place < len(buffer) or set(numbers) - ended:
        warn(f"{name}: expected a last page of Ogg, found none; the file is cut")
    return OggFacts(is_chained)


def _page_bytes(buffer: bytes, place: int) -> int:
    """The size of the page that begins at ``place``."""
    count = buffer[place + 26] if place + 26 < len(buffer) else 0
    return _HEADER_BYTES + count + sum(buffer[place + _HEADER_BYTES : place + _HEADER_BYTES + count])


def _checksum(page: bytes) -> int:
    """The CRC with the polynomial 0x04c11db7 from the highest bit on: zlib's of the same bits the other way round."""
    without = page[:22] + b"\0\0\0\0" + page[26:]
    turned = zlib.crc32(without.translate(_TURNED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{turned:032b}"[::-1], 2)
