"""The words of a model and of what was made of it, side by side.

Tests: tests/job/test_quantize.py
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.job.words.word_run import open_word_run
from ov_asr_score.report.data.words import WordTotals
from ov_asr_score.scoring.engine import UtteranceScores
from ov_asr_score.settings.score_job import ScoreJob
from ov_asr_score.settings.words.word_limits import WordLimits
from ov_asr_score.settings.words.word_outputs import WordFiles
from ov_asr_score.transcript.transcript import best_words
from ov_asr_score.word_errors.text_formats import UtteranceText

_ROW_SECONDS = 0.01  # of times, for which nobody asks


def decode_both(
    job: ScoreJob, before: Iterable[UtteranceScores], after: Iterable[UtteranceScores], output: str
) -> WordTotals:
    """The words of ``after``, held against what was said, if that is known, and against those of ``before``.

    ``output`` names the scores that are decoded. ``after`` is begun when ``before`` is at its end. Raises what
    ``open_word_run`` and decoding raise.
    """
    only_words = replace(job.decoding, files=WordFiles(), limits=WordLimits())
    with open_word_run(only_words, job.model, _ROW_SECONDS, allow_commands=job.allow_commands) as run:
        words = {
            outcome.key: UtteranceText(outcome.key, tuple(word.text for word in best_words(outcome.best)))
            for outcome in run.decode(_scores(before, output))
            if outcome.has_words
        }
    with open_word_run(job.decoding, job.model, _ROW_SECONDS, allow_commands=job.allow_commands) as run:
        run.compare_with("the float model", words)
        for _ in run.decode(_scores(after, output)):
            pass
        run.finish()
    return run.totals


def _scores(scored: Iterable[UtteranceScores], output: str) -> Iterator[tuple[str, NDArray[np.float32]]]:
    for each in scored:
        yield each.key, np.ascontiguousarray(each.scores[output], np.float32)
