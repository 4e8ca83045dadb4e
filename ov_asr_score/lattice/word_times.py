"""When the words of a path were said.

Where the words stand in a path is not where they were said: a graph is free to move them. Their phones tell, by where
in a word they may stand (``WordBoundary``) or by pronunciations (``AlignLexicon``). The times are those of Kaldi's
lattice-align-words or lattice-align-words-lexicon, and nbest-to-ctm, on the path.

Sources: lat/word-align-lattice.cc, lat/word-align-lattice-lexicon.cc, lat/lattice-functions.cc
(``CompactLatticeToWordAlignment``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.kaldi_model.transitions import TransitionModel
from ov_asr_score.lattice.align_lexicon import AlignLexicon
from ov_asr_score.lattice.aligning.lexicon_parse import parse_phones
from ov_asr_score.lattice.aligning.phone_patterns import PhonePatterns, make_patterns, position_of
from ov_asr_score.lattice.aligning.phone_spans import are_words_reordered, check_transition_ids
from ov_asr_score.lattice.aligning.word_doubts import dropped_words, end_doubts, missing_word, phone_doubts
from ov_asr_score.lattice.best_path import BestPath
from ov_asr_score.lattice.word_boundary import PhonePosition, WordBoundary

IntVector = NDArray[np.int32]
_BY_ARCS = "times of words are those of the arcs that have them, which lie near; word_boundary.int would tell exactly"


@dataclass(frozen=True, slots=True, eq=False)
class TimedWords:
    """The words of a path with their frames; word 0 is a silence, or a part of a word that was cut off."""

    words: IntVector  # [W]
    first_frames: IntVector  # [W]
    num_frames: IntVector  # [W]
    warnings: tuple[str, ...] = ()

    def spoken(self) -> TimedWords:
        """The words without those of number 0, as nbest-to-ctm prints them."""
        kept = self.words != 0
        return TimedWords(self.words[kept], self.first_frames[kept], self.num_frames[kept], self.warnings)

    def seconds(self, frame_shift: float, subsampling: int = 1) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Where the words begin and how long they are [W]; ``frame_shift`` is that of the features, in seconds.

        ``subsampling`` is the number of frames of features for a frame of scores, 3 for usual chain models.
        """
        step = np.float64(frame_shift * subsampling)
        return self.first_frames * step, self.num_frames * step


def time_words(
    path: BestPath,
    transitions: TransitionModel,
    source: WordBoundary | AlignLexicon | None = None,
    *,
    reorder: bool | None = None,
) -> TimedWords:
    """The words of ``path`` with their frames, which cover all of it; by the arcs of the words without ``source``.

    ``reorder`` says whether the graph has loops behind the transition that leaves their state; None: the alignment
    tells. Raises ShapeMismatchError for transition-ids that the model does not have.
    """
    check_transition_ids(path.alignment, transitions)
    if source is None:
        return time_words_by_arcs(path)
    if reorder is None:
        reorder = are_words_reordered(path.alignment, transitions)
    if isinstance(source, AlignLexicon):
        return _by_lexicon(path, transitions, source, make_patterns(transitions, reorder=reorder))
    return _by_boundary(path, transitions, source, make_patterns(transitions, source, reorder=reorder))


def time_words_by_arcs(path: BestPath) -> TimedWords:
    """Each word from its arc to the arc of the next word."""
    ends = np.append(path.word_frames[1:], len(path.alignment)) if path.words.size else path.word_frames
    lengths = (ends - path.word_frames).astype(np.int32)
    return TimedWords(path.words, path.word_frames, lengths, (_BY_ARCS,) if path.words.size else ())


def _by_boundary(
    path: BestPath, transitions: TransitionModel, boundary: WordBoundary, patterns: PhonePatterns
) -> TimedWords:
    letters = patterns.encode(path.alignment)
    left = path.words.tolist()[::-1]
    words: list[int] = []
    ends = [0]
    while match := (patterns.word if left else patterns.nonword).match(letters, ends[-1]):
        is_nonword = position_of(letters[ends[-1]]) is PhonePosition.NONWORD
        words.append(0 if is_nonword else left.pop())
        ends.append(match.end())
    num_whole = len(words)
    warnings: list[str] = []
    if ends[-1] < len(letters):
        warnings += end_doubts(path.alignment[ends[-1] :], bool(left), transitions, patterns)
        words.append(left.pop() if left else 0)
        ends.append(len(letters))
    if left:
        warnings.append(dropped_words(len(left)))
    bounds = np.array(ends, np.int32)
    warnings = [*phone_doubts(path.alignment, bounds[: num_whole + 1], transitions, boundary), *warnings]
    return TimedWords(np.array(words, np.int32), bounds[:-1], np.diff(bounds), tuple(warnings))


def _by_lexicon(
    path: BestPath, transitions: TransitionModel, lexicon: AlignLexicon, patterns: PhonePatterns
) -> TimedWords:
    by_arcs = time_words_by_arcs(path)
    if (missing := missing_word(path.words, lexicon)) is not None:
        return replace(by_arcs, warnings=(missing, *by_arcs.warnings))
    ends = patterns.cut_phones(patterns.encode(path.alignment))
    bounds = np.array([0, *ends], np.int32)
    phones = tuple(transitions.phones[path.alignment[bounds[:-1]]].tolist())
    parse = parse_phones(phones, tuple(path.words.tolist()), lexicon)
    if parse is None:
        reason = f"the words do not have these phones in {lexicon.name or 'the lexicon'}"
        return replace(by_arcs, warnings=(reason, *by_arcs.warnings))
    places = bounds[np.cumsum([0, *parse.num_phones])]
    return TimedWords(np.array(parse.words, np.int32), places[:-1], np.diff(places), parse.warnings)
