"""Word sequences of decoded utterances, with the times and confidences that are wanted.

This is what worker processes do after the search, so everything here can be sent between processes.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.decoded import Decoded
from ov_asr_score.errors import TableFormatError
from ov_asr_score.kaldi_model.transitions import TransitionModel
from ov_asr_score.lattice.align_lexicon import AlignLexicon
from ov_asr_score.lattice.best_path import BestPath
from ov_asr_score.lattice.costs import Scales
from ov_asr_score.lattice.lattice import CompactLattice, Lattice
from ov_asr_score.lattice.word_boundary import WordBoundary
from ov_asr_score.lattice.word_times import time_words

if TYPE_CHECKING:  # best paths need no lattices
    from ov_asr_score.lattice.word_lattice import WordLattice


@dataclass(frozen=True, slots=True)
class HypothesisOptions:
    """What is wanted of each utterance. ``lattice_beam`` prunes word lattices, as it prunes those of the search."""

    acoustic_scale: float
    times: bool = False
    nbest: int = 1
    confidence: Literal["none", "best-path", "mbr"] = "none"
    lattice: Literal["none", "compact", "raw"] = "none"
    lattice_beam: float = 10.0
    word_insertion_penalty: float = 0.0  # of the search; no cost has it

    @property
    def needs_lattices(self) -> bool:
        """Whether the best path alone does not do."""
        return self.nbest > 1 or self.confidence != "none" or self.lattice != "none"


@dataclass(frozen=True, slots=True, eq=False)
class Hypothesis:
    """A word sequence of W words; frames are those of the scores. Costs are those of `BestPath`, None if unknown."""

    words: NDArray[np.int32]  # [W]
    graph_cost: float | None
    acoustic_cost: float | None
    first_frames: NDArray[np.float64] | None = None  # [W]; None: not asked for
    num_frames: NDArray[np.float64] | None = None  # [W]
    confidences: NDArray[np.float64] | None = None  # [W]


@dataclass(frozen=True, slots=True, eq=False)
class Hypotheses:
    """What came of an utterance; without ``path`` it has no words, and ``warnings`` say why."""

    key: str
    num_frames: int
    path: BestPath | None
    alternatives: tuple[Hypothesis, ...] = ()  # the best first, at most as many as wanted
    spoken: Hypothesis | None = None  # the words with times and confidences; those with minimum Bayes risk if wanted
    lattice: Lattice | CompactLattice | None = None
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0  # processor time of search and all that follows it


@dataclass(frozen=True, slots=True, eq=False)
class HypothesisMaker:
    """What makes hypotheses of decoded utterances; ``source`` tells where words begin and end."""

    transitions: TransitionModel
    source: WordBoundary | AlignLexicon | None
    options: HypothesisOptions

    def __call__(self, decoded: Decoded, seconds: float = 0.0) -> Hypotheses:
        """The hypotheses of an utterance. Raises ShapeMismatchError for an alignment of another model."""
        if decoded.path is None:
            return Hypotheses(decoded.key, decoded.num_frames, None, warnings=decoded.warnings, seconds=seconds)
        return self._best(decoded, decoded.path, seconds)

    def _best(self, decoded: Decoded, path: BestPath, seconds: float) -> Hypotheses:
        started = time.thread_time()
        spoken, lattice, warnings = _hypothesis(path), None, decoded.warnings
        alternatives: tuple[Hypothesis, ...] = (spoken,)
        if self.options.times:
            spoken, said = self._timed(path)
            warnings += said
        if decoded.lattice is not None and self.options.needs_lattices:
            from ov_asr_score.lattice.nbest import n_best

            words = self._word_lattice(decoded.lattice)
            paths = n_best(words.lattice, self.options.nbest, self._scales)
            best = self._alternative(path)
            alternatives = _with_first(best, tuple(map(self._alternative, paths)), self.options.nbest)
            if self.options.confidence != "none":
                spoken, said = self._confident(words.lattice, path, spoken)
                warnings += said
            if words.beam < self.options.lattice_beam:
                warnings += (f"the word lattice is too large: its beam is {words.beam:.3g}",)
            lattice = decoded.lattice if self.options.lattice == "raw" else words.lattice
        return Hypotheses(
            decoded.key,
            decoded.num_frames,
            path,
            alternatives,
            spoken,
            lattice if self.options.lattice != "none" else None,
            warnings,
            seconds + time.thread_time() - started,
        )

    @property
    def _scales(self) -> Scales:
        return Scales(self.options.acoustic_scale, word_insertion_penalty=self.options.word_insertion_penalty)

    def _word_lattice(self, lattice: Lattice) -> WordLattice:
        from ov_asr_score.lattice.word_lattice import determinize

        return determinize(lattice, self._scales, self.options.lattice_beam)

    def _timed(self, path: BestPath) -> tuple[Hypothesis, tuple[str, ...]]:
        timed = time_words(path, self.transitions, self.source)
        words = timed.spoken()
        first, lengths = words.first_frames.astype(np.float64), words.num_frames.astype(np.float64)
        return Hypothesis(words.words, path.graph_cost, path.acoustic_cost, first, lengths), timed.warnings

    def _alternative(self, path: BestPath) -> Hypothesis:
        """A word sequence, with its times if they are wanted and all words have some, without warnings.

        The warnings of the best path suffice; words at its end that have no frames have no times.
        """
        if self.options.times and self.options.nbest > 1:
            timed, _ = self._timed(path)
            if np.array_equal(timed.words, path.words):
                return timed
        return _hypothesis(path)

    def _confident(
        self, lattice: CompactLattice, path: BestPath, timed: Hypothesis
    ) -> tuple[Hypothesis, tuple[str, ...]]:
        """Words with confidences: those of the best path with its times, or those with minimum Bayes risk."""
        warnings: tuple[str, ...] = ()
        if self.source is not None:
            from ov_asr_score.lattice.word_alignment import align_words

            aligned = align_words(lattice, self.transitions, self.source)
            warnings = aligned.warnings
            lattice = lattice if aligned.lattice is None else aligned.lattice
        from ov_asr_score.lattice.consensus import consensus

        is_mbr = self.options.confidence == "mbr"
        words = None if is_mbr else timed.words.tolist()
        try:
            found = consensus(lattice, self._scales, decode_mbr=is_mbr, words=words)
        except TableFormatError as error:  # one utterance is no reason to end a run
            return timed, (*warnings, f"no confidences: {error}")
        if found is None:
            return timed, warnings
        if not is_mbr:
            return replace(timed, confidences=found.confidences.astype(np.float64)), warnings
        starts = found.starts.astype(np.float64)
        is_best = np.array_equal(found.words, path.words)
        return (
            Hypothesis(
                found.words,
                path.graph_cost if is_best else None,
                path.acoustic_cost if is_best else None,
                starts,
                found.ends.astype(np.float64) - starts,
                found.confidences.astype(np.float64),
            ),
            warnings,
        )


def _hypothesis(path: BestPath) -> Hypothesis:
    return Hypothesis(path.words, path.graph_cost, path.acoustic_cost)


def _with_first(best: Hypothesis, found: tuple[Hypothesis, ...], most: int) -> tuple[Hypothesis, ...]:
    """The alternatives, of which ``best`` is the first: another one may cost the same."""
    if found and np.array_equal(found[0].words, best.words):
        return found
    return (best, *(each for each in found if not np.array_equal(each.words, best.words)))[:most]
