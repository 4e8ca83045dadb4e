"""The texts of a reference or a hypothesis, from files of all formats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ov_asr_score.errors import SpecifierError, TableFormatError
from ov_asr_score.kaldi_io import parse_read_specifier
from ov_asr_score.kaldi_io.matrices.stream import open_stream
from ov_asr_score.kaldi_io.tables.parts import parts_of
from ov_asr_score.kaldi_io.tables.word_lines import word_lines
from ov_asr_score.settings.words.wer_job import GivenFormat
from ov_asr_score.text import clipped
from ov_asr_score.transcript.json_form import parse_transcript
from ov_asr_score.word_errors.text_formats import (
    TEXT_FORMATS,
    StmSegment,
    TextFormat,
    UtteranceText,
    ctm_texts,
    ctm_texts_in,
    parse_ctm,
    parse_kaldi_text,
    parse_stm,
    parse_trn,
    stm_texts,
)
from ov_asr_score.word_errors.text_rules import Side, TextRules, parse_text_rules


@dataclass(frozen=True, slots=True)
class SpokenTexts:
    """The texts of a file by key; ``segments`` are those of an stm file, ``notes`` tell what was left out."""

    texts: dict[str, UtteranceText]
    segments: tuple[StmSegment, ...] = ()
    notes: tuple[str, ...] = ()


def read_texts(
    source: str, form: GivenFormat, segments: Sequence[StmSegment] = (), *, allow_commands: bool = False
) -> SpokenTexts:
    """The texts in the file ``source``; a ctm file is cut by ``segments``, those of the reference, if there are any.

    Raises SpecifierError (scp, npz), FileAccessError, and TableFormatError with the number of the bad line (a key that
    came before among them).
    """
    lines = _pairs(source, allow_commands)
    match text_format(source) if form == "auto" else form:
        case "text":
            return SpokenTexts(parse_kaldi_text(lines))
        case "trn":
            return SpokenTexts(parse_trn(lines))
        case "stm":
            found = tuple(parse_stm(lines))
            return SpokenTexts(stm_texts(found, source), found)
        case "ctm" if segments:
            texts, outside = ctm_texts_in(segments, parse_ctm(lines))
            note = f"{source}: {outside:,} words are in no segment of the reference, and are not scored"
            return SpokenTexts(texts, notes=(note,) if outside else ())
        case "ctm":
            return SpokenTexts(ctm_texts(parse_ctm(lines)))
        case "json":
            return SpokenTexts(_transcript_texts(source, allow_commands))


def read_rules(path: str, *, allow_commands: bool = False) -> TextRules:
    """The rules in a file; none for an empty path. Raises FileAccessError, TableFormatError."""
    if not path:
        return TextRules()
    lines = word_lines(path, allow_commands=allow_commands)
    return parse_text_rules((line.place, " ".join(line.words)) for line in lines)


def changed_texts(spoken: SpokenTexts, rules: TextRules, side: Side) -> SpokenTexts:
    """The texts after the rules for this side."""
    texts = {key: replace(text, words=rules.apply(text.words, side)) for key, text in spoken.texts.items()}
    return replace(spoken, texts=texts)


def text_format(source: str) -> TextFormat:
    """The format that the suffix of a name says, which ``.gz`` may follow; ``text`` for any other."""
    suffix = source.lower().removesuffix(".gz").rpartition(".")[2]
    return next((form for form in TEXT_FORMATS if form == suffix), "text")


def _transcript_texts(source: str, allow_commands: bool) -> dict[str, UtteranceText]:
    with open_stream(source, allow_commands=allow_commands) as stream:
        transcript = parse_transcript(stream.read_all(), stream.name)
    texts: dict[str, UtteranceText] = {}
    for index, segment in enumerate(transcript.segments):
        if segment.utterance in texts:
            raise TableFormatError(f"{source}: segments[{index}]: utterance {clipped(segment.utterance)} came before")
        texts[segment.utterance] = UtteranceText(segment.utterance, tuple(segment.text.split()), segment.speaker)
    return texts


def _pairs(source: str, allow_commands: bool) -> Iterator[tuple[str, Sequence[str]]]:
    parsed = parse_read_specifier(source)
    if parsed.form != "ark":
        raise SpecifierError(f"{parsed.original!r}: a table of texts must be a text file or ark:<file>")
    for part in parts_of(parsed):
        for line in word_lines(part.filename, allow_commands=allow_commands):
            yield line.place, line.words
