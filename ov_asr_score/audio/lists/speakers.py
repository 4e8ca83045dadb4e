"""Who speaks in an utterance: Kaldi's files utt2spk and spk2utt, which say the same in both directions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ov_asr_score.errors import TableFormatError
from ov_asr_score.kaldi_io.specifier import parse_read_specifier
from ov_asr_score.kaldi_io.tables.key_value import read_token_table
from ov_asr_score.kaldi_io.tables.word_lines import word_lines
from ov_asr_score.text import printable_name, shown_key


def read_spk2utt(specifier: str, *, allow_commands: bool = False) -> dict[str, tuple[str, ...]]:
    """The utterances of every speaker, in the order of the file; ``FILE`` and ``ark:FILE`` mean the same.

    Raises FileAccessError, and TableFormatError for a speaker who comes twice. Source: util/kaldi-holder-inl.h
    (``TokenVectorHolder``).
    """
    table: dict[str, tuple[str, ...]] = {}
    for line in word_lines(parse_read_specifier(specifier).filename, allow_commands=allow_commands):
        speaker, *utterances = line.words
        if speaker in table:
            raise TableFormatError(f"{line.place}: speaker {shown_key(speaker)} came before")
        table[speaker] = tuple(utterances)
    return table


def read_speakers(utt2spk: str, spk2utt: str, *, allow_commands: bool = False) -> dict[str, str]:
    """The speaker of every utterance, from one file or from both; none for two empty names.

    Raises FileAccessError, and TableFormatError for a bad line, an utterance with two speakers, and files that
    contradict each other.
    """
    by_utterance = read_token_table(utt2spk, allow_commands=allow_commands) if utt2spk else {}
    if not spk2utt:
        return by_utterance
    by_speaker = read_spk2utt(spk2utt, allow_commands=allow_commands)
    inverse: dict[str, str] = {}
    for utterance, speaker in _pairs(by_speaker):
        if (other := inverse.setdefault(utterance, speaker)) != speaker:
            raise TableFormatError(
                f"{printable_name(spk2utt)}: utterance {shown_key(utterance)}: expected one speaker, found "
                f"{shown_key(other)} and {shown_key(speaker)}"
            )
    if utt2spk:
        _check_same(utt2spk, by_utterance, spk2utt, inverse)
        return by_utterance
    return inverse


def _check_same(utt2spk: str, by_utterance: Mapping[str, str], spk2utt: str, inverse: Mapping[str, str]) -> None:
    """Raise TableFormatError if an utterance has another speaker, or none, in one of both files."""
    if by_utterance == inverse:
        return
    utterance = next(key for key in (*by_utterance, *inverse) if by_utterance.get(key) != inverse.get(key))
    first, second = (
        f"{shown_key(table[utterance])} in {printable_name(name)}"
        if utterance in table
        else f"none in {printable_name(name)}"
        for name, table in ((utt2spk, by_utterance), (spk2utt, inverse))
    )
    raise TableFormatError(
        f"{printable_name(spk2utt)}: utterance {shown_key(utterance)}: expected the same speaker in both directions, "
        f"found {first} and {second}; make one from the other"
    )


def _pairs(by_speaker: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    for speaker, utterances in by_speaker.items():
        for utterance in utterances:
            yield utterance, speaker
