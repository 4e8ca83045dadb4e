"""Words as a part of scoring, if they are asked for.

Tests: tests/job/test_words_of_scores.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ov_asr_score.job.run.prepared_run import PreparedRun
from ov_asr_score.kaldi_io import parse_read_specifier
from ov_asr_score.scoring.engine import UtteranceScores
from ov_asr_score.scoring.plan import conversion_of
from ov_asr_score.scoring.utterances.table_specs import apparent_pairs, is_file
from ov_asr_score.settings.limits import Limits
from ov_asr_score.settings.score_job import ScoreJob
from ov_asr_score.settings.words.word_limits import WordLimits
from ov_asr_score.settings.words.word_outputs import WordFiles, check_no_words

if TYPE_CHECKING:  # decoding is loaded where it is asked for
    from ov_asr_score.job.words.word_run import WordRun


@contextmanager
def open_words(run: PreparedRun, score: Callable[[ScoreJob], object]) -> Iterator[WordRun | None]:
    """What decodes, if that is asked for; without it nothing of it is loaded.

    ``score`` runs a job, such as that of the model in floats, with which words of GNA are compared. Raises what
    ``open_scored_words`` raises, and UsageError for what is asked of words where nothing is decoded.
    """
    job, conversion = run.job, conversion_of(run.scorer.plan)
    if not job.decoding.is_wanted:
        check_no_words(job.decoding)
    if not job.decoding.is_wanted or job.export_model:
        yield None
        return
    from ov_asr_score.job.words.scored_words import open_scored_words

    shape = run.scorer.runner.outputs[0].shape
    width = shape[-1] if shape else None
    with open_scored_words(job, None if conversion is None else conversion.frame_subsampling_factor, width) as words:
        if run.sample is not None and run.scorer.emulation is not None and not job.decoding.files.hypothesis:
            _compare_with_floats(words, job, score)
        words.channels = run.channels
        yield words


def _compare_with_floats(words: WordRun, job: ScoreJob, score: Callable[[ScoreJob], object]) -> None:
    """Have the words compared with those of the model in floats, if what it reads can be read twice."""
    from ov_asr_score.job.words.word_texts import read_texts

    if job.import_model:
        words.notes.append("words were not compared with those of the model in floats: a blob has no such model")
        return
    if not all(_can_be_read_again(text) for _, text in apparent_pairs(job.inputs)):
        words.notes.append("words were not compared with those of the model in floats: its inputs are read only once")
        return
    with TemporaryDirectory(prefix="ov-asr-score-") as folder:
        path = str(Path(folder, "text"))
        decoding = replace(job.decoding, files=WordFiles(text=path), limits=WordLimits())
        device = replace(job.device, device="CPU", precision="f32", gna=replace(job.device.gna, accuracy_report=False))
        only_words = replace(job, device=device, decoding=decoding, outputs=(), references=(), limits=Limits())
        score(replace(only_words, resume=False, report="", trace="", profile=False))
        words.compare_with("the model in floats", read_texts(path, "text").texts)


def _can_be_read_again(specifier: str) -> bool:
    path = Path(parse_read_specifier(specifier).filename)
    return is_file(specifier) and (path.is_file() or path.is_dir() or not path.exists())


def with_words(
    words: WordRun, run: PreparedRun, results: Iterator[UtteranceScores], frame_seconds: float
) -> Iterator[UtteranceScores]:
    """``results`` in their order, each after its words were found and written, as ``decoded_beside`` has them."""
    from ov_asr_score.job.words.scored_words import decoded_beside

    first = run.scorer.runner.outputs[0].name
    return decoded_beside(words, run.job, results, first, frame_seconds, run.known, run.aside)
