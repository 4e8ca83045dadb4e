"""Lookahead pairs as files: HCLr.fst is named as the graph, and Gr.fst and disambig_tid.int lie beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ov_asr_score.errors import FileAccessError, TableFormatError, UnsupportedModelError
from ov_asr_score.fst.graph_file import GraphFile
from ov_asr_score.fst.header import read_start
from ov_asr_score.fst.lookahead_graph import HCLR_KIND, LookaheadPair, open_lookahead_pair
from ov_asr_score.kaldi_io.matrices.stream import open_stream
from ov_asr_score.text import clipped, printable_name

SECOND_HALF = "Gr.fst"
DISAMBIGUATION = "disambig_tid.int"


@dataclass(frozen=True, slots=True, eq=False)
class PairFiles:
    """Both halves, and the input labels that take no frame; none where no file tells them."""

    pair: LookaheadPair
    disambiguation: tuple[int, ...]


def is_pair(graph: str) -> bool:
    """Whether a file is the first half of a lookahead pair; what is no file, such as a command, is none."""
    try:
        is_file = Path(graph).is_file()
    except OSError:  # a text that is too long for a name, a folder that cannot be read
        return False
    if not is_file:
        return False
    with open_stream(graph) as stream:
        try:
            return read_start(stream).kind == HCLR_KIND
        except TableFormatError:
            return False


def open_pair(graph: str) -> tuple[GraphFile, PairFiles]:
    """The pair whose first half is ``graph``, and the first half alone, whose output labels are not words.

    Raises UnsupportedModelError (no second half, or another kind of it), TableFormatError and FileAccessError.
    """
    second = Path(graph).parent / SECOND_HALF
    if not second.is_file():
        raise UnsupportedModelError(
            f"{printable_name(graph)}: the first half of a lookahead graph; expected the second half, {SECOND_HALF}, "
            "beside it, found none"
        )
    pair = open_lookahead_pair(graph, second)
    disambiguation = _labels(Path(graph).parent / DISAMBIGUATION)
    file = GraphFile(graph, HCLR_KIND, pair.hclr, None, pair.symbols)
    return file, PairFiles(pair, disambiguation)


def _labels(path: Path) -> tuple[int, ...]:
    if not path.is_file():
        return ()
    try:
        texts = path.read_bytes().split()
    except OSError as error:
        raise FileAccessError(f"{printable_name(str(path))}: cannot be read: {error.strerror}") from error
    for text in texts:
        if not text.isdigit() or len(text) > 10 or not 0 < int(text) < 2**31:
            raise TableFormatError(
                f"{printable_name(str(path))}: expected labels of disambiguation symbols, positive numbers, found "
                f"{clipped(text)}"
            )
    return tuple(map(int, texts))
