"""The graph of a model directory and what lies beside it: words, word boundaries, phones of silence.

Tests: tests/model_directory/layouts
"""

from __future__ import annotations

from pathlib import Path

from ov_asr_score.decoding.words.pair_files import DISAMBIGUATION, SECOND_HALF
from ov_asr_score.errors import FileAccessError, TableFormatError, UnsupportedModelError, UsageError
from ov_asr_score.fst.header import read_start
from ov_asr_score.fst.lookahead_graph import HCLR_KIND
from ov_asr_score.kaldi_io.matrices.stream import open_stream
from ov_asr_score.model_directory.parts.inventory import Inventory
from ov_asr_score.settings.recognition.phones import parse_phones
from ov_asr_score.settings.words.word_outputs import GraphSettings
from ov_asr_score.text import clipped, printable_name

GRAPH = "HCLG.fst"
_FIRST_HALF = "HCLr.fst"
_USE = "decoding graph"
_BOUNDARY = "word_boundary.int"


def graph_in(
    inventory: Inventory,
    folder: str,
    *,
    word_boundary: str = "phones/word_boundary.int",
    align_lexicon: str = "phones/align_lexicon.int",
) -> GraphSettings:
    """The graph in a folder of the inventory, ``""`` for the top, with what belongs to it.

    Of a lookahead pair it is the first half, beside which the second lies. What ends words is looked for beside the
    graph, too, if it is not in ``phones``. Raises UnsupportedModelError for one half alone or of another kind, and
    FileAccessError or TableFormatError for a graph whose beginning is damaged.
    """
    prefix = f"{folder}/" if folder else ""
    graph, with_words = _graph(inventory, prefix)
    words = _words(inventory, prefix, with_words)
    boundary = lexicon = ""
    if not inventory.has(prefix + word_boundary) and inventory.has(prefix + _BOUNDARY):
        word_boundary = _BOUNDARY
    if inventory.has(prefix + word_boundary):
        boundary = inventory.use(prefix + word_boundary, "times of words")
        if inventory.has(prefix + align_lexicon):
            inventory.ignore(prefix + align_lexicon, f"{word_boundary} tells the times of words")
    elif inventory.has(prefix + align_lexicon):
        lexicon = inventory.use(prefix + align_lexicon, "times of words")
    else:
        inventory.take(prefix + word_boundary, "", "times of words are those of their labels in the graph, not exact")
    return GraphSettings(graph, words=words, word_boundary=boundary, align_lexicon=lexicon)


def silence_phones_in(inventory: Inventory, *folders: str) -> tuple[int, ...]:
    """The phones of ``silence.csl`` in one of the folders; none where there is no such file. Raises TableFormatError.

    Of ``phones/silence.csl`` in Kaldi's language directories.
    """
    name = inventory.first(*(f"{folder}/{end}".lstrip("/") for folder in folders for end in _SILENCE))
    if not name:
        return ()
    path = inventory.use(name, "phones of silence, for endpoints")
    try:
        with Path(path).open(encoding="utf-8", errors="replace") as file:
            return parse_phones(file.read(_MOST_LETTERS))
    except OSError as error:
        raise FileAccessError(f"{printable_name(path)}: cannot be read: {error.strerror}") from error
    except UsageError as error:
        raise TableFormatError(f"{printable_name(path)}: {error}") from error


_SILENCE = ("phones/silence.csl", "silence.csl")
_MOST_LETTERS = 1 << 20


def graph_folders(inventory: Inventory) -> list[str]:
    """The folders with a graph, or half of one; ``""`` is the top."""
    found = {name.rpartition("/")[0] for name in inventory.names if name.rpartition("/")[2] in (GRAPH, _FIRST_HALF)}
    return sorted(found)


def _words(inventory: Inventory, prefix: str, graph: str) -> str:
    """The table of words; an empty text where the graph, or its language model, has its own."""
    name = f"{prefix}words.txt"
    if inventory.has(prefix + graph) and _has_words(inventory.path(prefix + graph)):
        if inventory.has(name):
            inventory.ignore(name, "the graph has a table of its words")
        return ""
    return inventory.need(name, "words of the graph")


def _has_words(path: str) -> bool:
    with open_stream(path) as stream:
        begun = read_start(stream)
    return begun.has_output_symbols or (begun.kind == "ngram" and begun.has_input_symbols)


def _graph(inventory: Inventory, prefix: str) -> tuple[str, str]:
    """The graph, or the first half of a lookahead pair, and the name of the file that may have its words."""
    if inventory.has(prefix + GRAPH):
        for name in (_FIRST_HALF, SECOND_HALF):
            if inventory.has(prefix + name):
                inventory.ignore(prefix + name, f"half of a lookahead graph; {GRAPH} is used")
        return inventory.use(prefix + GRAPH, _USE), GRAPH
    halves = [name for name in (_FIRST_HALF, SECOND_HALF) if inventory.has(prefix + name)]
    if not halves:
        return inventory.need(prefix + GRAPH, _USE), GRAPH
    if len(halves) == 1:
        (other,) = {_FIRST_HALF, SECOND_HALF} - set(halves)
        inventory.ignore(prefix + halves[0], f"half of a lookahead graph, whose other half, {other}, is missing")
        raise UnsupportedModelError(
            f"{printable_name(inventory.path(prefix + halves[0]))}: expected both halves of a lookahead graph, or "
            f"{GRAPH}, found no {other}"
        )
    first = inventory.use(prefix + _FIRST_HALF, f"{_USE} without the language model")
    _check_first_half(first)
    inventory.use(prefix + SECOND_HALF, "language model, composed with the graph while it is searched")
    use = "labels of the graph that take no frame"
    inventory.take(prefix + DISAMBIGUATION, use, "all labels of the graph are taken for transition-ids without it")
    return first, SECOND_HALF


def _check_first_half(path: str) -> None:
    """Raise UnsupportedModelError for a graph of another kind, which a file of this name would be decoded as."""
    with open_stream(path) as stream:
        try:
            kind = read_start(stream).kind
        except TableFormatError:
            return  # said better where the graph is read
    if kind != HCLR_KIND:
        raise UnsupportedModelError(
            f"{printable_name(path)}: expected the first half of a lookahead graph, of the kind {HCLR_KIND}, found "
            f"{clipped(kind)}; a complete graph is called {GRAPH}"
        )
