"""Phrases, grammars and boosted words from what commands were given, and from files.

A file of phrases has a phrase per line, one of boosts a phrase, a colon and a number; lines that begin with ``//`` are
comments. A grammar is JSGF if it begins with ``#JSGF``, or an acceptor of OpenFst in binary form over the numbers of
the words.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ov_asr_score.decoding.phrases.expressions import Grammar
from ov_asr_score.decoding.phrases.jsgf import HEADER, parse_jsgf
from ov_asr_score.decoding.phrases.phrase_options import PhraseOptions, WordAcceptor
from ov_asr_score.errors import FileAccessError, TableFormatError, UsageError
from ov_asr_score.fst.header import MAGIC
from ov_asr_score.fst.reading import read_fst
from ov_asr_score.kaldi_io.matrices.stream import open_stream
from ov_asr_score.kaldi_io.tables.archive import said_instead
from ov_asr_score.settings.recognition.phrases import Boost, PhraseSettings, parse_boost
from ov_asr_score.text import clipped, printable_name

_LARGEST = 64 << 20  # bytes of a file
_COMMENT = "//"


def read_phrase_options(settings: PhraseSettings, allow_commands: bool = False) -> PhraseOptions:
    """What the settings say, with the content of the files that they name.

    ``settings.phrases`` is a file if there is one of this name, else phrases with ``;`` between them. Raises
    UsageError, FileAccessError and TableFormatError (file, line or byte).
    """
    boost = list(settings.boost)
    if settings.boost_file:
        boost += read_boosts(settings.boost_file, allow_commands)
    return PhraseOptions(
        phrases=_phrases(settings.phrases, allow_commands) if settings.phrases else (),
        grammar=read_grammar(settings.grammar, allow_commands) if settings.grammar else None,
        repeat=settings.repeat_phrases,
        unknown_cost=settings.unknown_cost,
        boost=tuple(boost),
    )


def phrase_files_read(settings: PhraseSettings) -> Iterator[tuple[str, str]]:
    """The files that the settings name, each with its setting."""
    if ";" not in settings.phrases and _is_file(settings.phrases):
        yield "phrases", settings.phrases
    yield "grammar", settings.grammar
    yield "boost_file", settings.boost_file


def _phrases(text: str, allow_commands: bool) -> tuple[str, ...]:
    if ";" not in text and (text == "-" or _is_file(text)):
        return read_phrases(text, allow_commands)
    phrases = tuple(phrase for each in text.split(";") if (phrase := " ".join(each.split())))
    if not phrases:
        raise UsageError(f"phrases: expected phrases with ';' between them, found {text!r}", fields=("phrases",))
    if len(phrases) == 1 and ";" not in text and (os.sep in text or text.endswith(".txt")):
        raise FileAccessError(f"{printable_name(text)}: no such file; a phrase of this name would need a ';' behind it")
    return phrases


def _is_file(text: str) -> bool:
    try:
        return Path(text).exists()
    except (OSError, ValueError):
        return False


def read_phrases(path: str, allow_commands: bool = False) -> tuple[str, ...]:
    """The phrases in a file, one per line. Raises FileAccessError and TableFormatError (file, line)."""
    name, lines = _lines(path, allow_commands, "a file with a phrase per line")
    phrases = tuple(line for _, line in lines)
    if not phrases:
        raise TableFormatError(f"{name}: expected a phrase per line, found none")
    return phrases


def read_boosts(path: str, allow_commands: bool = False) -> tuple[Boost, ...]:
    """Words and phrases with their numbers, one per line. Raises FileAccessError and TableFormatError (file, line)."""
    name, lines = _lines(path, allow_commands, "a file of boosted words")
    boosts = []
    for number, line in lines:
        try:
            boosts.append(parse_boost(line))
        except UsageError:
            raise TableFormatError(
                f"{name}: line {number}: expected a word or phrase, a colon and a number, found {clipped(line)}"
            ) from None
    if not boosts:
        raise TableFormatError(f"{name}: expected a word or phrase, a colon and a number per line, found none")
    return tuple(boosts)


def read_grammar(path: str, allow_commands: bool = False) -> Grammar | WordAcceptor:
    """The grammar in a file of JSGF, or the acceptor in one of OpenFst.

    Raises FileAccessError and TableFormatError (file, line or byte).
    """
    with open_stream(path, allow_commands=allow_commands) as stream:
        name = stream.name
        if stream.peek(len(MAGIC)) == MAGIC:
            fst = read_fst(stream)
            if (fst.ilabels != fst.olabels).any() or (fst.ilabels < 0).any():
                raise TableFormatError(f"{name}: expected an acceptor, with the same word on both sides of its arcs")
            return WordAcceptor(name, fst)
        content = stream.read_all()
    if len(content) > _LARGEST or HEADER.match(content) is None:
        raise TableFormatError(
            f"{name}: line 1: expected a grammar that begins with '#JSGF V1.0;' or an acceptor of OpenFst in binary "
            f"form, found {clipped(content[:40])}; a list of phrases is given as phrases",
            fields=("phrases",),
        )
    return parse_jsgf(content, name)


def _lines(path: str, allow_commands: bool, expected: str) -> tuple[str, list[tuple[int, str]]]:
    """The name of a file, and its lines that are not empty with their numbers and one blank between words."""
    with open_stream(path, allow_commands=allow_commands) as stream:
        name = stream.name
        if b"\0" in stream.peek(256) and (said := said_instead(stream, expected)):
            raise TableFormatError(said)
        content = stream.read_all()
    lines = []
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if b"\0" in line:
            raise TableFormatError(f"{name}: line {number}: expected a text, found a byte of 0")
        text = " ".join(line.decode("utf-8", "surrogateescape").split())
        if text and not text.startswith(_COMMENT):
            lines.append((number, text))
    return name, lines
