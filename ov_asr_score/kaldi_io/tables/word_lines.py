"""Text files of Kaldi's with words in every line: segments, utt2spk, spk2utt and the like."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from ov_asr_score.errors import TableFormatError
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream, open_stream
from ov_asr_score.kaldi_io.tables.archive import check_is_itself, said_instead
from ov_asr_score.text import clipped

logger = logging.getLogger(__name__)

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class WordLine:
    """The words of line ``number`` (from 1) of the file ``name``; there is at least one."""

    words: tuple[str, ...]
    number: int
    name: str

    @property
    def place(self) -> str:
        """``file: line number``, for errors."""
        return f"{self.name}: line {self.number}"

    @property
    def shown(self) -> str:
        """The beginning of the line, for errors."""
        return clipped(" ".join(self.words))


def word_lines(rxfilename: str, *, allow_commands: bool = False) -> Iterator[WordLine]:
    """The lines of a text file, one at a time; words are separated by blanks, tabs and carriage returns.

    Lines without a word are passed over. Bytes that are not UTF-8 become surrogates. Raises FileAccessError, and
    TableFormatError for a file that is no text.
    """
    with open_stream(rxfilename, allow_commands=allow_commands) as stream:
        if b"\0" in stream.peek(256):
            said = said_instead(stream, "lines of text")
            raise TableFormatError(said) if said else stream.error("lines of text", "binary data")
        check_is_itself(stream)
        pass_byte_order_mark(stream)
        for number, (_, line) in enumerate(stream.lines(), start=1):
            words = tuple(word.decode("utf-8", "surrogateescape") for word in line.split())
            if words:
                yield WordLine(words, number, stream.name)


def pass_byte_order_mark(stream: KaldiStream) -> None:
    """Leave out the mark with which some editors begin a text, with a warning; nothing was read from the stream yet."""
    if stream.peek(3) == _BYTE_ORDER_MARK:
        stream.read(3)
        logger.warning(
            "%s: begins with a byte order mark, which is left out; Kaldi takes it for a part of the first key",
            stream.name,
        )
