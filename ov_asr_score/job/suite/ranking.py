"""Runs of several cases that decoded the same utterances, ranked by their word errors.

Tests: tests/job/suite/test_words.py
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.job.suite.run_texts import RunTexts
from ov_asr_score.job.suite.suite import SuiteRun
from ov_asr_score.job.words.word_texts import read_texts
from ov_asr_score.report.data.suite import RankedRun, Ranking, RunResult
from ov_asr_score.settings.words.wer_job import CountingSettings
from ov_asr_score.word_errors.alignment import count_edits, percent_of
from ov_asr_score.word_errors.bootstrap import improvement_probability, sign_test
from ov_asr_score.word_errors.text_formats import UtteranceText


@dataclass(frozen=True, slots=True, eq=False)
class _RunErrors:
    run: SuiteRun
    keys: tuple[str, ...]  # in the order of the text
    errors: NDArray[np.int64]  # [utterances]
    lengths: NDArray[np.int64]  # words of the text [utterances]


def rank_runs(runs: Iterable[SuiteRun], results: Mapping[str, RunResult], texts: RunTexts) -> tuple[Ranking, ...]:
    """A ranking for each text, and each set of its utterances, that runs of several cases have words for.

    ``results`` are those of the runs by name. Paths are relative to the working folder, that of the suite.
    """
    groups: dict[tuple[Path, tuple[str, ...]], list[_RunErrors]] = {}
    by_text: dict[Path, list[SuiteRun]] = {}
    for run in runs:
        name = run.job.decoding.files.reference_text
        if name and texts.path(run.name) is not None and results[run.name].words is not None:
            by_text.setdefault(Path(name).resolve(), []).append(run)
    for path, members in by_text.items():
        if len({run.case for run in members}) > 1:
            said = read_texts(members[0].job.decoding.files.reference_text, "auto").texts
            for run in members:
                counted = _counted(run, said, read_texts(str(texts.path(run.name)), "text").texts)
                groups.setdefault((path, counted.keys), []).append(counted)
    return tuple(
        _ranking(group, results)
        for (_, keys), group in groups.items()
        if keys and len({each.run.case for each in group}) > 1
    )


def _counted(run: SuiteRun, said: Mapping[str, UtteranceText], found: Mapping[str, UtteranceText]) -> _RunErrors:
    keys = tuple(key for key in said if key in found)
    edits = [count_edits(said[key].words, found[key].words) for key in keys]
    errors, lengths = (np.array([getattr(each, name) for each in edits], np.int64) for name in ("errors", "length"))
    return _RunErrors(run, keys, errors, lengths)


def _ranking(group: Sequence[_RunErrors], results: Mapping[str, RunResult]) -> Ranking:
    ordered = sorted(
        group, key=lambda each: int(each.errors.sum())
    )  # of equal ones, the first of the suite stays first
    best = ordered[0]
    text, words = best.run.job.decoding.files.reference_text, int(best.lengths.sum())
    return Ranking(text, len(best.keys), words, tuple(_ranked(each, best, results) for each in ordered))


def _ranked(counted: _RunErrors, best: _RunErrors, results: Mapping[str, RunResult]) -> RankedRun:
    run, errors, counting = counted.run, int(counted.errors.sum()), CountingSettings()
    probability = p_value = None
    if counted is not best:
        probability = improvement_probability(counted.errors, best.errors, counting.replications, counting.seed)
        p_value = sign_test(counted.errors, best.errors).p_value
    return RankedRun(
        name=run.name,
        wer_percent=percent_of(errors, int(counted.lengths.sum())),
        errors=errors,
        real_time_factor=results[run.name].real_time_factor,
        model_bytes=_model_bytes(run.job.model or run.job.import_model),
        best_probability=probability,
        p_value=p_value,
    )


def _model_bytes(name: str) -> int | None:
    """The size of the file, and of the weights beside an IR."""
    path = Path(name)
    if not path.is_file():
        return None
    files = [path, path.with_suffix(".bin")] if path.suffix == ".xml" else [path]
    return sum(each.stat().st_size for each in files if each.is_file())
