"""What all streams of a recognizer share, and what is made of their searches.

Tests: tests/recognition/test_live_session.py, tests/recognition/test_whole_recordings.py
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.endpointing import endpoint_rule
from ov_asr_score.decoding.hypotheses import HypothesisMaker
from ov_asr_score.decoding.silence_weighting import SilenceWeighting
from ov_asr_score.decoding.token_passing.utterance_search import UtteranceSearch
from ov_asr_score.decoding.words.utterance_segments import segment_of
from ov_asr_score.frontend.frontend import Frontend
from ov_asr_score.fst.symbols import SymbolTable
from ov_asr_score.lattice.best_path import BestPath
from ov_asr_score.lattice.word_times import time_words
from ov_asr_score.recognition.engine import Engine
from ov_asr_score.recognition.results import Final, Partial
from ov_asr_score.settings.recognition.endpointing import EndpointOptions
from ov_asr_score.settings.recognition.silence_weighting import SilenceWeightingOptions
from ov_asr_score.transcript.transcript import Word


@dataclass(frozen=True, slots=True, eq=False)
class StreamParts:
    """Front end, network, graph and options; ``begin_search`` gives a search that knows nothing yet.

    ``is_silence`` and ``is_unweighted`` [transition-ids + 1] are the silence of endpoints, and that of i-vectors.
    """

    frontend: Frontend
    engine: Engine
    begin_search: Callable[[], UtteranceSearch]
    maker: HypothesisMaker
    symbols: SymbolTable
    endpoints: EndpointOptions | None  # None: utterances end with the sound
    is_silence: NDArray[np.bool_]
    silence_weighting: SilenceWeightingOptions | None  # None: all frames count the same
    is_unweighted: NDArray[np.bool_]
    subsampling: int  # frames of features for a row of scores
    row_seconds: float
    partial_times: bool = False
    warnings: tuple[str, ...] = ()  # about phrases

    def begin_weighting(self) -> SilenceWeighting | None:
        """Weights of frames by a search that begins; None where all weigh the same."""
        options = self.silence_weighting
        if options is None or not options.is_active or self.frontend.ivectors is None:
            return None
        return SilenceWeighting(self.is_unweighted, options, self.subsampling)

    def endpoint(self, search: UtteranceSearch, options: EndpointOptions | None = None) -> int | None:
        """The rule that ends the utterance of the search here, by ``options`` or ``endpoints``; None: none."""
        rules = options or self.endpoints
        if rules is None or not search.num_frames:
            return None
        silence = search.trailing_silence(self.is_silence)
        return endpoint_rule(rules, search.num_frames, silence, self.row_seconds, search.relative_cost)

    def final(self, search: UtteranceSearch, key: str, first_row: int, rule: int | None) -> Final:
        """The result of a search that is over, which began at row ``first_row`` of the stream."""
        segment = segment_of(self.maker(search.finish(key)), self.symbols, self.row_seconds, first_row=first_row)
        return Final(segment, rule)

    def partial(self, search: UtteranceSearch, first_row: int) -> Partial:
        """What a search finds most likely now."""
        start, end = (row * self.row_seconds for row in (first_row, first_row + search.num_frames))
        path = search.path_so_far() if self.partial_times else None
        if path is None:
            return Partial(tuple(Word(self.symbols.text(word)) for word in search.words().tolist()), start, end)
        return Partial(self._timed(path, first_row), start, end)

    def _timed(self, path: BestPath, first_row: int) -> tuple[Word, ...]:
        timed = time_words(path, self.maker.transitions, self.maker.source).spoken()
        firsts = (timed.first_frames + first_row).tolist()
        return tuple(
            Word(self.symbols.text(word), first * self.row_seconds, (first + length) * self.row_seconds)
            for word, first, length in zip(timed.words.tolist(), firsts, timed.num_frames.tolist(), strict=True)
        )
