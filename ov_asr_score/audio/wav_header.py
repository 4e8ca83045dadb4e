"""The header of wav files: RIFF, RIFX (big-endian), RF64 and BW64 (sizes of 64 bits), also as streams write it.

What Kaldi takes (feat/wave-reader.cc, WaveInfo::Read) is taken with the same samples: chunks before the data are
skipped; with certain sizes the data reach to the end of the file, whatever stands there. Beyond Kaldi, chunks of odd
sizes may be followed by the byte that the format asks for (Kaldi expects the next chunk at once).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from ov_asr_score.audio.byte_source import ByteSource
from ov_asr_score.text import clipped

PCM, FLOAT, ALAW, MULAW, EXTENSIBLE = 0x0001, 0x0003, 0x0006, 0x0007, 0xFFFE

_LONG_SIZES = (b"RF64", b"BW64")
_UNKNOWN_SIZES = (0, 0xFFFFFFFF)
_SOX_UNKNOWN_SIZE = 0x7FFFF000
# of a GUID of EXTENSIBLE behind the two bytes of the format; the second is that of ambisonic sound
_GUID_TAILS = (
    bytes.fromhex("0000 0000 1000 8000 00aa 0038 9b71"),
    bytes.fromhex("0000 2107 d311 8644 c8c1 ca00 0000"),
)
_KNOWN_CHUNKS = (b"fmt ", b"data", b"fact", b"LIST", b"JUNK", b"bext", b"cue ", b"PEAK", b"smpl", b"id3 ", b"ds64")
_CODECS = {
    0x0002: "Microsoft ADPCM",
    0x0011: "IMA ADPCM",
    0x0031: "GSM 6.10",
    0x0040: "G.721 ADPCM",
    0x0050: "MPEG audio",
    0x0055: "MP3",
    0x0161: "Windows Media Audio",
}


@dataclass(frozen=True, slots=True)
class WavHeader:
    """What the header says. ``encoding`` is a name of ``sample_formats.FORMATS``, empty for other codecs.

    ``data_bytes`` is None where the data reach to the end of the file; they begin at byte ``data_offset``.
    """

    rate: int
    channels: int
    encoding: str
    codec: str
    data_bytes: int | None
    data_offset: int


def read_wav_header(source: ByteSource, warn: Callable[[str], None]) -> WavHeader:
    """The header; the source stands at the first sample then.

    Raises SoundFormatError with the byte. ``warn`` is told what does not fit, but does not matter for the samples.
    """
    riff = source.take(4, "a wav header")
    order = ">" if riff == b"RIFX" else "<"
    riff_size = _uint32(source, order)
    if (form := source.take(4, "a wav header")) != b"WAVE":
        raise source.error("WAVE", clipped(form), source.offset - 4)
    sizes = _LongSizes()
    size = _find_chunk(source, b"fmt ", order, sizes)
    rate, channels, encoding, codec = _read_format(source, size, order, warn)
    data_size = _find_chunk(source, b"data", order, sizes, pad_after=size)
    return WavHeader(rate, channels, encoding, codec, _data_bytes(riff, riff_size, data_size, sizes), source.offset)


def _data_bytes(riff: bytes, riff_size: int, data_size: int, sizes: _LongSizes) -> int | None:
    """None where the sizes are those that programs write who do not know them yet."""
    if riff in _LONG_SIZES:
        known = sizes.data if data_size == 0xFFFFFFFF else data_size
        return known if 0 < known < 2**63 else None
    is_unknown = data_size in (*_UNKNOWN_SIZES, _SOX_UNKNOWN_SIZE) or riff_size in _UNKNOWN_SIZES
    return None if is_unknown else data_size


@dataclass(slots=True)
class _LongSizes:
    data: int = 0


def _uint32(source: ByteSource, order: str) -> int:
    return int(struct.unpack(f"{order}I", source.take(4, "a wav header"))[0])


def _find_chunk(source: ByteSource, wanted: bytes, order: str, sizes: _LongSizes, pad_after: int = 0) -> int:
    """The size of the next chunk with the name ``wanted``; the others before it are skipped."""
    if pad_after % 2:
        _skip_pad(source)
    while True:
        if not source.peek(1):
            raise source.error(f"a chunk {wanted.decode().strip()}", "the end of the file")
        name = source.take(4, "the name of a chunk")
        size = _uint32(source, order)
        if name == wanted:
            return size
        if name == b"ds64" and size >= 16:
            sizes.data = struct.unpack("<8xQ", source.take(16, "sizes"))[0]
            source.skip(size - 16, "sizes")
        else:
            source.skip(size, f"a chunk {clipped(name)}")
        if size % 2:
            _skip_pad(source)


def _skip_pad(source: ByteSource) -> None:
    """Skip the byte behind a chunk of odd size, if there is one."""
    ahead = source.peek(5)
    if ahead[:1] == b"\0" or (ahead[:4] not in _KNOWN_CHUNKS and ahead[1:] in _KNOWN_CHUNKS):
        source.read(1)


def _read_format(source: ByteSource, size: int, order: str, warn: Callable[[str], None]) -> tuple[int, int, str, str]:
    """Rate, channels, encoding, and words for the codec."""
    place = source.offset
    if size < 16:
        raise source.error("a format of 16 bytes or more", str(size), place - 4)
    fields = struct.unpack(f"{order}HHIIHH", source.take(16, "the format"))
    tag, channels, rate, byte_rate, block, bits = (int(field) for field in fields)
    rest = size - 16
    if tag == EXTENSIBLE:
        if rest < 24:
            raise source.error("a format WAVE_EXTENSIBLE of 40 bytes or more", str(size), place - 4)
        tag = _extensible_tag(source, source.take(24, "the format")[8:], order, place + 24)
        rest -= 24
    source.skip(rest, "the format")
    if channels == 0:
        raise source.error("1 channel or more", "0", place + 2)
    if rate == 0:
        raise source.error("samples per second", "0", place + 4)
    if tag not in (PCM, FLOAT, ALAW, MULAW):
        return rate, channels, "", _CODECS.get(tag, f"codec 0x{tag:04X}")
    if block == 0 or block % channels:
        raise source.error(f"blocks that hold {channels} channels", f"{block} bytes", place + 12)
    encoding = _encoding(tag, bits, block // channels, order)
    if not encoding:
        found = f"{bits} bits in {block // channels} bytes"
        raise source.error("8 to 32 bits per sample, or floats of 32 or 64 bits", found, place + 14)
    if byte_rate != rate * block % 2**32:
        warn(f"{source.name}: expected {rate * block} bytes per second in the header, found {byte_rate}")
    return rate, channels, encoding, ""


def _extensible_tag(source: ByteSource, guid: bytes, order: str, place: int) -> int:
    """The format in the GUID. In RIFX it is turned around as a whole (Kaldi) or by its fields."""
    if order == ">":
        turned = b"".join(guid[first : first + 4][::-1] for first in range(0, 16, 4))
        by_fields = guid[3::-1] + guid[5:3:-1] + guid[7:5:-1] + guid[8:]
        guid = turned if turned[2:] in _GUID_TAILS else by_fields
    if guid[2:] not in _GUID_TAILS:
        raise source.error("a known format of WAVE_EXTENSIBLE", f"the GUID {guid.hex()}", place + 8)
    return int.from_bytes(guid[:2], "little")


def _encoding(tag: int, bits: int, width: int, order: str) -> str:
    """The name of the form of samples with ``bits`` in ``width`` bytes each, empty for none that there is.

    Integers stand in the upper bits of as few bytes as hold them; 24 bits may have four.
    """
    end = "be" if order == ">" else "le"
    if tag == PCM and width <= 4 and (8 * (width - 1) < bits <= 8 * width or (bits, width) == (24, 4)):
        return "u8" if width == 1 else f"s{8 * width}{end}"
    if tag == FLOAT and bits == 8 * width and width in (4, 8):
        return f"f{bits}{end}"
    if tag in (ALAW, MULAW) and width == 1:
        return "alaw" if tag == ALAW else "mulaw"
    return ""
