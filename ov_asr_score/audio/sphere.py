"""NIST SPHERE files (.sph, .wv1) without compression: the header, in lines of text.

What sph2pipe reads is read as it does: the samples reach to the end of the file, whatever ``sample_count`` says, and
samples compressed by shorten are known by their first bytes. Those are decoded by av_decoding.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ov_asr_score.audio.byte_source import ByteSource
from ov_asr_score.text import clipped

MAGIC = b"NIST_1A\n"
SHORTEN_MAGIC = b"ajkg"

_MOST_HEADER_BYTES = 1 << 20
_FIELD = re.compile(rb"(\w+)[ \t]+-(i|r|s\d+)[ \t]+(.*)")
_INTEGERS = {"channel_count": 1, "sample_rate": 1, "sample_n_bytes": 1, "sample_count": 0}  # and the least value
_BYTE_ORDERS = {"01": "le", "10": "be", "1": ""}


@dataclass(frozen=True, slots=True)
class SphereHeader:
    """What the header says. ``encoding`` is a name of ``sample_formats.FORMATS``, empty for what is compressed.

    ``count`` is the number of samples of each channel, None if it is not said.
    """

    rate: int
    channels: int
    encoding: str
    coding: str
    count: int | None


def read_sphere_header(source: ByteSource) -> SphereHeader:
    """The header; the source stands at the first sample then. Raises SoundFormatError with the byte."""
    start = source.offset
    lines = source.take(16, "a NIST SPHERE header")
    size_text = lines[8:].strip()
    if not size_text.isdigit() or not 16 < (size := int(size_text)) <= _MOST_HEADER_BYTES:
        raise source.error("the size of the header", clipped(lines[8:]), start + 8)
    fields = _fields(source, source.take(size - 16, "a NIST SPHERE header"), start + 16)
    numbers = {name: _integer(source, fields, name, least) for name, least in _INTEGERS.items()}
    rate, channels = numbers["sample_rate"], numbers["channel_count"]
    if rate is None or channels is None:
        raise source.error("fields sample_rate and channel_count", "none", start)
    coding = fields.get("sample_coding", ("pcm", 0))[0]
    encoding = (
        "" if source.peek(4) == SHORTEN_MAGIC else _encoding(source, fields, coding, numbers["sample_n_bytes"], start)
    )
    return SphereHeader(rate, channels, encoding, coding, numbers["sample_count"])


def _fields(source: ByteSource, text: bytes, place: int) -> dict[str, tuple[str, int]]:
    """Value and byte of every field up to the line ``end_head``."""
    fields: dict[str, tuple[str, int]] = {}
    for line in text.split(b"\n"):
        if line.strip() == b"end_head":
            return fields
        if (match := _FIELD.match(line)) is not None:
            fields[match[1].decode("latin-1")] = (match[3].decode("latin-1").strip(), place)
        place += len(line) + 1
    raise source.error("a line end_head in the header", "none", place - 1)


def _integer(source: ByteSource, fields: dict[str, tuple[str, int]], name: str, least: int) -> int | None:
    if name not in fields:
        return None
    text, place = fields[name]
    if not (text.isascii() and text.isdigit() and len(text) <= 18 and int(text) >= least):
        raise source.error(f"{name} of at least {least}", clipped(text), place)
    return int(text)


def _encoding(
    source: ByteSource, fields: dict[str, tuple[str, int]], coding: str, width: int | None, start: int
) -> str:
    place = fields.get("sample_coding", ("", start))[1]
    name = coding.partition(",")[0].lower().replace("-", "")
    if name in ("ulaw", "mulaw", "alaw"):
        if width not in (None, 1):
            raise source.error(f"1 byte for each sample of {coding}", str(width), fields["sample_n_bytes"][1])
        return "alaw" if name == "alaw" else "mulaw"
    if name != "pcm":
        raise source.error("samples coded as pcm, ulaw or alaw", clipped(coding), place)
    if width == 1:
        return "s8"
    order_text, order_place = fields.get("sample_byte_format", ("", start))
    order = _BYTE_ORDERS.get(order_text[:2], order_text)
    if order not in ("le", "be"):
        found = clipped(order_text) if order_text else "none"
        raise source.error("sample_byte_format 01 or 10", found, order_place)
    if width not in (None, 2, 3, 4):
        raise source.error("1 to 4 bytes per sample", str(width), fields["sample_n_bytes"][1])
    return f"s{8 * (width or 2)}{order}"
