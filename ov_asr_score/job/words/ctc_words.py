"""Words of CTC models, without a graph.

Tests: tests/job/test_decode.py
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from ov_asr_score.decoding.ctc.ctc_decoder import CtcAlternative, CtcDecoded, CtcDecoder, open_ctc_decoder
from ov_asr_score.decoding.workers import Utterances
from ov_asr_score.errors import UsageError
from ov_asr_score.job.words.outcome import Outcome
from ov_asr_score.settings.words.word_outputs import WordSettings
from ov_asr_score.transcript.transcript import Alternative, Segment, Word


@dataclass(frozen=True, slots=True, eq=False)
class CtcWords:
    """The decoder of a CTC model. ``row_seconds`` is the duration of a row of scores."""

    decoder: CtcDecoder
    row_seconds: float

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know, whatever the utterances are."""
        return self.decoder.notes

    @property
    def acoustic_scale(self) -> float:
        """The factor of scores: none."""
        return 1.0

    def decode(self, utterances: Utterances) -> Iterator[Outcome]:
        """The outcome of all utterances, pairs of a key and scores, in their order."""
        for key, scores in utterances:
            started = time.process_time()
            decoded = self.decoder.decode(key, scores)
            yield self._outcome(decoded, time.process_time() - started)

    def _outcome(self, decoded: CtcDecoded, seconds: float) -> Outcome:
        segment = Segment(
            utterance=decoded.key,
            start=0.0,
            end=decoded.num_frames * self.row_seconds,
            alternatives=tuple(map(self._alternative, decoded.alternatives)),
            warnings=decoded.warnings,
        )
        best = decoded.best
        return Outcome(
            segment,
            segment,
            decoded.num_frames,
            graph_cost=best.graph_cost,
            acoustic_cost=best.acoustic_cost,
            seconds=seconds,
        )

    def _alternative(self, found: CtcAlternative) -> Alternative:
        words = tuple(
            Word(word.text, word.first_frame * self.row_seconds, word.end_frame * self.row_seconds, word.confidence)
            for word in found.words
        )
        return Alternative(words, found.posterior, found.acoustic_cost, found.graph_cost)


def open_ctc_words(settings: WordSettings, row_seconds: float, *, allow_commands: bool = False) -> CtcWords:
    """The decoder that ``settings`` ask for. Raises UsageError, and what reading tokens and language models raises."""
    for name in ("alignment", "lattice"):
        if getattr(settings.files, name):
            raise UsageError(
                f"{name}: expected a graph (graph FILE), found a CTC model without one", fields=(name, "graph")
            )
    return CtcWords(open_ctc_decoder(settings.ctc, settings.files.nbest, allow_commands=allow_commands), row_seconds)
