"""Words of long recordings whose scores come in windows: one search over all of them.

Tests: tests/job/transcribe/test_long_recordings.py
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.audio.recordings import Recording
from ov_asr_score.decoding.endpointing import endpoint_rule, silence_transitions
from ov_asr_score.decoding.hypotheses import HypothesisMaker, HypothesisOptions
from ov_asr_score.decoding.token_passing.search_graph import SearchGraph
from ov_asr_score.decoding.token_passing.utterance_search import UtteranceSearch, prepare_search
from ov_asr_score.decoding.words.model_searches import model_graph
from ov_asr_score.decoding.words.restricted_model import open_restricted_model
from ov_asr_score.decoding.words.utterance_segments import segment_of
from ov_asr_score.decoding.words.word_model import open_word_model
from ov_asr_score.frontend.live_state import FrontendState
from ov_asr_score.frontend.stage_times import timed
from ov_asr_score.fst.symbols import SymbolTable
from ov_asr_score.job.transcribe.window_scores import WindowScores
from ov_asr_score.recognition.whole_recordings import RecordingWords
from ov_asr_score.scoring.scorer import Scorer
from ov_asr_score.scoring.session import ModelWithTables, open_model_with_tables, start_session
from ov_asr_score.settings.recognition.endpointing import EndpointOptions
from ov_asr_score.settings.score_job import ScoreJob
from ov_asr_score.settings.words.decoding import DecodingOptions
from ov_asr_score.transcript.transcript import Segment

_ENDPOINT_FRAMES = 24  # from one look at the rules to the next, as in Kaldi's online decoding


@dataclass(frozen=True, slots=True, eq=False)
class WindowRecognizer:
    """The models of a directory. ``endpoints`` None: a recording is one utterance."""

    opened: ModelWithTables
    scorer: Scorer
    symbols: SymbolTable
    graph: SearchGraph
    options: DecodingOptions
    maker: HypothesisMaker
    row_seconds: float
    endpoints: EndpointOptions | None
    is_silence: NDArray[np.bool_]  # [transition-ids + 1]
    endpoint_rows: int

    def recognize(self, recording: Recording) -> RecordingWords:
        """The words of a recording. Raises what is wrong with it, and what scoring raises."""
        scores, spent = WindowScores(self.opened, self.scorer, recording), dict.fromkeys(("scores", "search"), 0.0)

        def note(stage: str, seconds: float) -> None:
            spent[stage] += seconds

        started = time.perf_counter()
        rows = timed(scores.rows(), partial(note, "scores"))  # and features
        segments = tuple(self._segments(recording.key, rows))
        note("search", time.perf_counter() - started - spent["scores"])
        return RecordingWords(segments, FrontendState(), scores.seconds, spent)

    def _segments(self, key: str, scores: Iterator[NDArray[np.float32]]) -> Iterator[Segment]:
        search, first_row, count = self._begin(), 0, 0
        for rows in scores:
            for first in range(0, len(rows), self.endpoint_rows if self.endpoints is not None else len(rows)):
                search.advance(rows if self.endpoints is None else rows[first : first + self.endpoint_rows])
                if self._is_over(search):
                    yield self._segment(search, f"{key}-{count}", first_row)
                    count, first_row = count + 1, first_row + search.num_frames
                    search = self._begin()
        if search.num_frames or not count:
            yield self._segment(search, key if self.endpoints is None else f"{key}-{count}", first_row)

    def _begin(self) -> UtteranceSearch:
        return UtteranceSearch(self.graph, self.options, self.maker.options.needs_lattices)

    def _is_over(self, search: UtteranceSearch) -> bool:
        if self.endpoints is None:
            return False
        silence = search.trailing_silence(self.is_silence)
        rule = endpoint_rule(self.endpoints, search.num_frames, silence, self.row_seconds, search.relative_cost)
        return rule is not None

    def _segment(self, search: UtteranceSearch, key: str, first_row: int) -> Segment:
        found = self.maker(search.finish(key), 0.0)
        return segment_of(found, self.symbols, self.row_seconds, first_row=first_row)


def open_window_recognizer(
    scoring: ScoreJob,
    options: DecodingOptions,
    wanted: HypothesisOptions,
    endpoints: EndpointOptions | None,
    row_seconds: float,
    factor: int,
) -> WindowRecognizer | None:
    """The models of ``scoring``, whose recordings are searched with ``options``; ``factor`` frames make a row.

    None where the network is not computed in chunks that stand where they stand whatever comes after them.
    Raises what opening the model, the graph and the front end raises.
    """
    opened = open_model_with_tables(replace(scoring, shard=None, resume=False))
    conversion = opened.model.loaded.conversion
    if conversion is None or conversion.time != "chunk" or conversion.batch_compute:
        return None
    allow = scoring.allow_commands
    words = open_word_model(scoring.decoding.graph, options, scoring.model, allow_commands=allow)
    words = open_restricted_model(words, scoring.decoding.phrases, allow_commands=allow).model
    transitions, graph = words.transitions, model_graph(words)
    prepare_search(graph, options, wanted.needs_lattices)
    silence_phones = () if endpoints is None else endpoints.silence_phones
    return WindowRecognizer(
        opened,
        start_session(opened, iter(())).scorer,
        words.symbols,
        graph,
        replace(options, decoding_scale=words.acoustic_scale),
        HypothesisMaker(transitions, words.source, replace(wanted, acoustic_scale=words.acoustic_scale)),
        row_seconds,
        endpoints,
        silence_transitions(transitions, silence_phones),
        max(1, _ENDPOINT_FRAMES // factor),
    )
