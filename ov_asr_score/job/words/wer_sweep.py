"""The word errors of lattices for many language model weights and word insertion penalties, as score.sh finds them.

Source: egs/wsj/s5/steps/scoring/score_kaldi_wer.sh (lattice-scale --inv-acoustic-scale, lattice-add-penalty,
lattice-best-path).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ov_asr_score.errors import TableFormatError, UsageError
from ov_asr_score.fst.symbols import SymbolTable, read_symbols
from ov_asr_score.kaldi_io import parse_read_specifier
from ov_asr_score.kaldi_io.tables.parts import parts_of
from ov_asr_score.lattice.archive import read_lattices
from ov_asr_score.lattice.arcs.arc_groups import AnyLattice
from ov_asr_score.lattice.costs import Scales
from ov_asr_score.lattice.shortest_path import best_words
from ov_asr_score.report.data.word_errors import SweepCell, SweepReport
from ov_asr_score.settings.words.wer_sweep import SweepSettings
from ov_asr_score.text import clipped
from ov_asr_score.word_errors.alignment import EditCounts, count_edits
from ov_asr_score.word_errors.text_formats import UtteranceText
from ov_asr_score.word_errors.text_rules import TextRules


@dataclass(frozen=True, slots=True)
class BestOfLattices:
    """The texts of the best pair of scales before any rules, and the errors of all pairs."""

    texts: dict[str, UtteranceText]
    report: SweepReport


def check_sweep(settings: SweepSettings) -> None:
    """Raise UsageError where settings of a sweep do not fit together."""
    if settings.sweep and not settings.words:
        raise UsageError("sweep: expected the words of the lattices, words.txt (words)", fields=("sweep", "words"))
    if not settings.sweep:
        for name in ("words", "best_text"):
            if getattr(settings, name):
                raise UsageError(f"{name}: expected a table of lattices (sweep)", fields=(name, "sweep"))


def sweep_lattices(
    source: str,
    reference: Mapping[str, UtteranceText],
    settings: SweepSettings,
    rules: TextRules,
    *,
    missing_are_empty: bool = False,
    allow_commands: bool = False,
) -> BestOfLattices:
    """The best pair of a weight and a penalty for the lattices in the table ``source``, and all others.

    ``reference`` has its rules behind it. Lattices without a path have no text, and are missing as in score.sh;
    ``missing_are_empty`` counts what is missing as deleted. Memory grows with the words of the best paths, not with the
    lattices. Raises what reading lattices and symbols raises.
    """
    pairs = [(weight, penalty) for weight in settings.lm_weights for penalty in settings.word_penalties]
    scales = [Scales(acoustic=1 / weight, word_insertion_penalty=penalty) for weight, penalty in pairs]
    symbols = read_symbols(settings.words, allow_commands=allow_commands)
    totals = [EditCounts() for _ in pairs]
    found: dict[str, list[tuple[str, ...]]] = {}
    for key, lattice in _lattices(source, allow_commands):
        if key in found:
            raise TableFormatError(f"{source}: key {clipped(key)} came before")
        texts = _texts(lattice, scales, symbols)
        if texts is None:
            continue
        found[key] = texts
        if key in reference:
            counts = {
                text: count_edits(reference[key].words, rules.apply(text, "hypothesis"))
                for text in dict.fromkeys(texts)
            }
            totals = [total + counts[text] for total, text in zip(totals, texts, strict=True)]
    if missing_are_empty:
        missing = sum(len(text.words) for key, text in reference.items() if key not in found)
        totals = [total + EditCounts(missing, deletions=missing) for total in totals]
    best = min(range(len(pairs)), key=lambda index: totals[index].errors)
    cells = [SweepCell(*pair, words) for pair, words in zip(pairs, totals, strict=True)]
    best_texts = {key: UtteranceText(key, each[best]) for key, each in found.items()}
    return BestOfLattices(best_texts, SweepReport(*pairs[best], cells))


def edge_notes(source: str, report: SweepReport) -> Iterator[str]:
    """A remark where only the lowest, or only the highest, of the values is the best: others may be better."""
    least = min(cell.words.errors for cell in report.cells)
    for name in ("lm_weight", "word_penalty"):
        values = {getattr(cell, name) for cell in report.cells}
        good = {getattr(cell, name) for cell in report.cells if cell.words.errors == least}
        if len(values) > 2 and len(good) == 1 and (edge := good.pop()) in (min(values), max(values)):
            which = "lowest" if edge == min(values) else "highest"
            yield f"{source}: {name} {edge:g} is the best, and the {which} that was tried; others may be better"


def _lattices(source: str, allow_commands: bool) -> Iterator[tuple[str, AnyLattice]]:
    for part in parts_of(parse_read_specifier(source)):
        yield from read_lattices(part, allow_commands=allow_commands)


def _texts(lattice: AnyLattice, scales: Sequence[Scales], symbols: SymbolTable) -> list[tuple[str, ...]] | None:
    """The words of the best path for each of the scales; None for a lattice without a path."""
    known: dict[bytes, tuple[str, ...]] = {}  # most scales have the same words: they are kept once
    texts = []
    for words in best_words(lattice, scales):
        if words is None:
            return None
        content = words.tobytes()
        if content not in known:
            known[content] = tuple(symbols.text(int(word)) for word in words)
        texts.append(known[content])
    return texts
