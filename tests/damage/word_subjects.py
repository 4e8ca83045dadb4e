"""Files between scores and words that are damaged: lattices, word boundaries, pronunciations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from ov_asr_score.kaldi_model.transitions import load_transitions
from ov_asr_score.lattice.align_lexicon import read_align_lexicon
from ov_asr_score.lattice.archive import read_compact_lattices
from ov_asr_score.lattice.word_alignment import align_phones, align_words
from ov_asr_score.lattice.word_boundary import read_word_boundary

Read = Callable[[Path], None]

_ROOT = Path(__file__).parents[2]
_LATTICES = _ROOT / "tests" / "kaldi_speech" / "lattices"
_MODEL = _ROOT / "models" / "nnet3_chain_tdnnf" / "final.mdl"


def word_subjects() -> Iterator[tuple[str, Path, Read]]:
    """Kind, file and what reads it."""
    yield "words", _LATTICES / "lang" / "word_boundary.int", _read_boundary
    yield "words", _LATTICES / "lang" / "align_lexicon.int", _read_lexicon
    yield "lattices", _LATTICES / "chain" / "lat.txt", _align
    yield "lattices", _LATTICES / "chain" / "lat.ark.gz", _align


def _read_boundary(path: Path) -> None:
    boundary = read_word_boundary(str(path))
    transitions = load_transitions(_MODEL)
    for _, lattice in read_compact_lattices(f"ark:{_LATTICES}/chain/lat.ark.gz"):
        align_words(lattice, transitions, boundary)


def _read_lexicon(path: Path) -> None:
    lexicon = read_align_lexicon(str(path))
    transitions = load_transitions(_MODEL)
    for _, lattice in read_compact_lattices(f"ark:{_LATTICES}/chain/lat.ark.gz"):
        align_words(lattice, transitions, lexicon)


def _align(path: Path) -> None:
    transitions = load_transitions(_MODEL)
    boundary = read_word_boundary(str(_LATTICES / "lang" / "word_boundary.int"))
    lexicon = read_align_lexicon(str(_LATTICES / "lang" / "align_lexicon.int"))
    for _, lattice in read_compact_lattices(f"ark:{path}"):
        align_words(lattice, transitions, boundary)
        align_words(lattice, transitions, lexicon)
        align_phones(lattice, transitions)
