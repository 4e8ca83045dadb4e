"""The supervision of a chain example: which sequences of pdfs are right, as automata.

Source: chain/chain-supervision.cc, ``Supervision::Read``.
"""

from __future__ import annotations

from dataclasses import dataclass

from ov_asr_score.fst.reading import Fst, read_fst, read_text_fst
from ov_asr_score.kaldi_model.token_reader import ModelReader


@dataclass(frozen=True, slots=True, eq=False)
class ChainSupervision:
    """Right sequences of pdfs for ``num_sequences`` pieces of speech of equal length.

    Labels of the automata are pdfs plus 1. A usual supervision is one automaton for all sequences, one behind the
    other, in which every path to a state has the same length. An end-to-end supervision (``is_end_to_end``) has one
    automaton for each sequence, with loops.
    """

    weight: float
    num_sequences: int
    frames_per_sequence: int
    num_pdfs: int
    is_end_to_end: bool
    fsts: tuple[Fst, ...]

    @property
    def frames_weight(self) -> float:
        """The weight of all frames, by which Kaldi divides an objective."""
        return self.weight * self.num_sequences * self.frames_per_sequence


def read_supervision(reader: ModelReader) -> ChainSupervision:
    """The supervision at ``reader``, up to ``</Supervision>``.

    Raises TableFormatError or ModelFormatError with the file and the byte. Alignments, which only the estimation of an
    LDA reads, are passed over.
    """
    reader.expect_token("<Supervision>")
    reader.expect_token("<Weight>")
    weight = reader.read_float()
    num_sequences = _read_size(reader, "<NumSequences>")
    frames_per_sequence = _read_size(reader, "<FramesPerSeq>")
    num_pdfs = _read_size(reader, "<LabelDim>")
    is_end_to_end = False
    # Without it in files of 2015 to 2017.
    if _next_letter(reader) == b"<":
        reader.expect_token("<End2End>")
        is_end_to_end = reader.read_bool()
    if is_end_to_end:
        reader.expect_token("<Fsts>")
        fsts = tuple(_read_fst(reader) for _ in range(num_sequences))
        reader.expect_token("</Fsts>")
    else:
        fsts = (_read_fst(reader),)
    if reader.expect_token("<AlignmentPdfs>", "</Supervision>") == "<AlignmentPdfs>":
        reader.read_ints()
        reader.expect_token("</Supervision>")
    return ChainSupervision(weight, num_sequences, frames_per_sequence, num_pdfs, is_end_to_end, fsts)


def _read_size(reader: ModelReader, token: str) -> int:
    reader.expect_token(token)
    offset = reader.offset
    size = reader.read_int()
    if size < 1:
        raise reader.error(f"{token} of 1 or more", str(size), "the example is damaged", offset=offset)
    return size


def _next_letter(reader: ModelReader) -> bytes:
    """The next byte that is no blank, without moving on: the line break before an automaton must stay."""
    return reader.stream.peek(8).lstrip()[:1]


def _read_fst(reader: ModelReader) -> Fst:
    return read_fst(reader.stream) if reader.binary else read_text_fst(reader.stream)
