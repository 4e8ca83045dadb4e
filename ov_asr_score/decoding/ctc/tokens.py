"""Tokens of a CTC model, one for each column of its scores, and which of them is the blank.

Sources of the forms: icefall (``lexicon.py``, tokens.txt), wenet (units.txt), transformers (``Wav2Vec2CTCTokenizer``,
vocab.json), NeMo (``vocab.txt``), ESPnet (``tokens.txt``), SentencePiece (``.vocab``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ov_asr_score.decoding.ctc.word_rules import WordRule, find_word_rule
from ov_asr_score.errors import FileAccessError, ShapeMismatchError, TableFormatError, UsageError
from ov_asr_score.kaldi_io.files.input import open_input
from ov_asr_score.text import clipped, printable_name, suggestion

MOST_BYTES = 64 << 20
MOST_TOKENS = 1 << 20
"""A file with more of either is none of tokens."""

# In the order in which they count: a file with <blk> may have a <pad> that is none.
_BLANKS = ("<blk>", "<blank>", "[blank]", "<ctc_blank>", "<ctc>")
_PADDING = ("[pad]", "<pad>")
_EPSILON = "<eps>"

_WITH_ID = re.compile(r"(.*?)[ \t]+([0-9]{1,10})", re.DOTALL)
_WITH_SCORE = re.compile(r"(.+)\t(-?[0-9]+(?:\.[0-9]*)?(?:e-?[0-9]+)?)", re.DOTALL)
_DISAMBIGUATION = re.compile(r"#[0-9]+")
_BEHIND_SCORES = ("<s>", "</s>", "<sos/eos>")


@dataclass(frozen=True, slots=True)
class Tokens:
    """Texts by id, which is the column of the scores; ``name`` is their file, ``notes`` are what a user should know.

    Tokens from ``num_needed`` on need no column: disambiguation symbols of graphs, marks of sentences.
    """

    name: str
    texts: tuple[str, ...]
    blank: int
    words: WordRule
    num_needed: int
    is_blank_added: bool = False  # behind all tokens of the file
    notes: tuple[str, ...] = ()

    def check_width(self, shape: tuple[int, ...], key: str) -> None:
        """Raise ShapeMismatchError where the scores of utterance ``key``, of this shape, have other columns.

        Without rows, Kaldi's matrices have no columns either.
        """
        rows, width = shape
        if rows and not self.num_needed <= width <= len(self.texts):
            raise ShapeMismatchError(
                f"{self.name}: expected a token for each of the {width} columns of the scores of utterance "
                f"{printable_name(key)}, found {len(self.texts)}{self._advice(width)}"
            )

    def _advice(self, width: int) -> str:
        if self.is_blank_added and width == len(self.texts) - 1:
            return " with the blank behind the others; say with blank which of them it is"
        return "; are they those of another model?" if width < len(self.texts) else ""


def load_tokens(path: str, blank: str = "", word_separator: str = "", *, allow_commands: bool = False) -> Tokens:
    """The tokens of a file in any of the forms; ``blank`` and ``word_separator`` as in ``CtcOptions``.

    Raises FileAccessError, TableFormatError (with the line) and UsageError (what the file leaves open).
    """
    name = printable_name(path)
    listed = _without_epsilon(_parse(_read_text(path, allow_commands), name), name)
    found = _with_blank(listed, blank, name)
    texts = found.texts
    needed = len(texts)
    while needed > found.blank + 1 and (
        _DISAMBIGUATION.fullmatch(texts[needed - 1]) or texts[needed - 1] in _BEHIND_SCORES
    ):
        needed -= 1
    rule = find_word_rule(texts, found.blank, word_separator, name)
    return Tokens(name, texts, found.blank, rule, needed, found.is_blank_added, found.notes)


def _read_text(path: str, allow_commands: bool) -> str:
    name = printable_name(path)
    try:
        with open_input(path, allow_commands=allow_commands) as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, EOFError) as error:
        raise FileAccessError(f"{name}: cannot be read: {str(error)[:60]}; is it damaged?") from error
    if len(content) > MOST_BYTES:
        raise TableFormatError(f"{name}: expected tokens, found more than {MOST_BYTES} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableFormatError(
            f"{name}: byte {error.start}: expected tokens as UTF-8 text, found {clipped(content[error.start :])}"
        ) from error


@dataclass(frozen=True, slots=True)
class _Listed:
    """Tokens in the order of their ids; how the file gives ids settles what names of blanks mean."""

    texts: tuple[str, ...]
    has_ids: bool
    is_json: bool
    blank: int = -1
    is_blank_added: bool = False
    notes: tuple[str, ...] = ()


def _parse(text: str, name: str) -> _Listed:
    if "\0" in text:
        raise TableFormatError(f"{name}: expected lines with tokens, found binary data")
    if text.lstrip()[:1] in ("{", "[") and (found := _parse_json(text, name)) is not None:
        return found
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise TableFormatError(f"{name}: expected tokens, found none")
    if len(lines) > MOST_TOKENS:
        raise TableFormatError(f"{name}: expected tokens, found more than {MOST_TOKENS} lines")
    if all(_WITH_SCORE.fullmatch(line) for line in lines) and any("\t-" in line for line in lines):
        # the second column of a .vocab of SentencePiece holds scores
        return _Listed(_unique([line.rpartition("\t")[0] for line in lines], name), has_ids=False, is_json=False)
    if _WITH_ID.fullmatch(lines[0]):
        return _Listed(_with_ids(lines, name), has_ids=True, is_json=False)
    for number, line in enumerate(lines, 1):
        if not line or (len(line.split()) > 1):
            raise TableFormatError(f"{name}: line {number}: expected one token, as in line 1, found {clipped(line)}")
    return _Listed(_unique(lines, name), has_ids=False, is_json=False)


def _parse_json(text: str, name: str) -> _Listed | None:
    """None for text that only begins like JSON, such as a list with ``[PAD]`` in its first line."""
    repeated: list[str] = []

    def pairs(items: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(items)
        if len(found) < len(items):
            keys = [key for key, _ in items]
            repeated.append(next(key for key in keys if keys.count(key) > 1))
        return found

    try:
        content = json.loads(text, object_pairs_hook=pairs)
    except RecursionError as error:
        raise TableFormatError(f"{name}: expected tokens, found JSON nested too deeply") from error
    except ValueError as error:
        if isinstance(error, json.JSONDecodeError):
            if text.lstrip().startswith("["):
                return None
            place = f"line {error.lineno}, column {error.colno}"
            raise TableFormatError(f"{name}: {place}: expected JSON, found none ({error.msg})") from error
        raise TableFormatError(f"{name}: expected JSON, found none ({str(error)[:60]})") from error
    if isinstance(content, list):
        if not content or not all(isinstance(each, str) for each in content):
            raise TableFormatError(f"{name}: expected a list of tokens, found other values in it")
        return _Listed(_unique(content, name), has_ids=False, is_json=True)
    if repeated:
        raise TableFormatError(f"{name}: expected each token once, found {clipped(repeated[0])} twice")
    if not content:
        raise TableFormatError(f"{name}: expected tokens, found none")
    ids = []
    for token, value in content.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise TableFormatError(
                f"{name}: token {clipped(token)}: expected its number, found {clipped(json.dumps(value))}"
            )
        ids.append(value)
    return _Listed(_in_order(list(content), ids, name), has_ids=True, is_json=True)


def _unique(tokens: Sequence[str], name: str) -> tuple[str, ...]:
    """``tokens``, each of which may be there once. Raises TableFormatError."""
    lines: dict[str, int] = {}
    for number, token in enumerate(tokens, 1):
        if token in lines:
            raise TableFormatError(
                f"{name}: line {number}: expected another token, found {clipped(token)} of line {lines[token]} again"
            )
        lines[token] = number
    return tuple(tokens)


def _with_ids(lines: Sequence[str], name: str) -> tuple[str, ...]:
    tokens, ids = [], []
    for number, line in enumerate(lines, 1):
        match = _WITH_ID.fullmatch(line)
        if match is None:
            raise TableFormatError(
                f"{name}: line {number}: expected a token and its number, as in line 1, found {clipped(line)}"
            )
        tokens.append(match[1] or " ")  # a token that is a blank itself, as sherpa reads it
        ids.append(int(match[2]))
    _unique(tokens, name)
    return _in_order(tokens, ids, name)


def _in_order(tokens: Sequence[str], ids: Sequence[int], name: str) -> tuple[str, ...]:
    """The tokens by id. Raises TableFormatError for an id that is missing or there twice."""
    by_id: dict[int, str] = {}
    for token, number in zip(tokens, ids, strict=True):
        if number in by_id:
            raise TableFormatError(
                f"{name}: expected each number once, found {number} for {clipped(by_id[number])} and {clipped(token)}"
            )
        by_id[number] = token
    missing = next((number for number in range(len(by_id)) if number not in by_id), None)
    if missing is not None:
        raise TableFormatError(
            f"{name}: expected a token for every number up to {max(ids)}, found none for {missing}; "
            "add it, such as from added_tokens.json"
        )
    return tuple(by_id[number] for number in range(len(by_id)))


def _without_epsilon(listed: _Listed, name: str) -> _Listed:
    """``listed`` as it is, or without the epsilon that Eesen's tokens.txt has for graphs, before the blank."""
    texts = listed.texts
    if not (listed.has_ids and len(texts) > 1 and texts[0] == _EPSILON and texts[1].lower() in _BLANKS):
        return listed
    note = f"{name} has the numbers of a graph: columns of scores are counted from {texts[1]} on"
    return replace(listed, texts=texts[1:], notes=(note,))


def _with_blank(listed: _Listed, asked: str, name: str) -> _Listed:
    """``listed`` with its blank, as asked for or as the file tells. Raises UsageError where nothing tells."""
    texts = listed.texts
    if asked:
        if asked in texts:
            return replace(listed, blank=texts.index(asked))
        if asked.isascii() and asked.isdigit() and len(asked) < 8 and int(asked) <= len(texts):
            number = int(asked)
            return replace(listed, blank=number, texts=texts if number < len(texts) else (*texts, ""))
        raise UsageError(
            f"blank {clipped(asked)}: expected a token of {name} or a number up to {len(texts)}, found neither"
            f"{suggestion(asked, texts)}",
            fields=("blank",),
        )
    for names in (_BLANKS, _PADDING if listed.is_json and listed.has_ids else ()):
        named = [number for number, text in enumerate(texts) if text.lower() in names]
        if len(named) == 1:
            return replace(listed, blank=named[0])
        if named:
            both = " and ".join(clipped(texts[number]) for number in named[:2])
            raise UsageError(f"blank: expected one blank in {name}, found {both}; say which it is", fields=("blank",))
    if listed.has_ids and texts[0] == _EPSILON:  # icefall's lexicons of phones
        return replace(listed, blank=0)
    if not listed.has_ids:
        note = f"{name} names no blank: it is column {len(texts)}, behind all tokens, as NeMo has it"
        return replace(listed, blank=len(texts), texts=(*texts, ""), is_blank_added=True, notes=(*listed.notes, note))
    raise UsageError(
        f"blank: expected a blank in {name}, such as <blk> or <blank>, found none; say which token it is",
        fields=("blank",),
    )
