"""What a case of a suite says of words: graph, what was said, and the words that its own are compared with.

Tests: tests/job/suite/test_words.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ov_asr_score.job.suite.suite import WORD_LIMITS, SuiteRun
from ov_asr_score.settings.score_job import ScoreJob
from ov_asr_score.settings.words.word_outputs import WordSettings
from ov_asr_score.text import suggestion
from ov_asr_score.toml.toml_table import TomlTable

WORD_KEYS = ("graph", "words", "text", "hypothesis", "against")
SHARED_WORD_KEYS = ("graph", "words", "text")
"""Keys that the defaults may have, too."""

_OF_TEXT = ("max_wer", "max_wer_increase", "max_wer_increase_to_baseline")
_OF_OTHER = ("max_wer_increase", "max_changed_words")


def with_words(job: ScoreJob, case: TomlTable, defaults: TomlTable) -> ScoreJob:
    """``job`` with the files of words that the case names, or the defaults. Raises SuiteFormatError."""
    found = {key: case.text(key, defaults.text(key)) for key in WORD_KEYS}
    for key in WORD_KEYS[:-1]:
        name = found[key]
        if name == "-" or "|" in (name[:1], name[-1:]):
            case.fail(key, f"{key}: '{name}': a suite takes files only, neither commands nor standard input")
    decoding = job.decoding
    graph = replace(decoding.graph, graph=found["graph"], words=found["words"])
    files = replace(decoding.files, reference_text=found["text"], hypothesis=found["hypothesis"])
    words = replace(decoding, graph=graph, files=files)
    if not words.is_wanted:
        for key in ("text", "hypothesis", "against", "words"):
            if key in case:
                case.fail(key, f"{key}: expected a graph, or the option tokens of a CTC model, found neither")
        return job
    if found["hypothesis"] and found["against"]:
        case.fail("against", "against and hypothesis: words are compared with one of them; leave one out")
    return replace(job, decoding=words)


def unusable_limits(words: WordSettings, has_other: bool) -> Mapping[str, str]:
    """Limits of words that nothing can be held against, each with what is lacking.

    ``has_other`` tells whether there are words that those of the case are compared with, at least those of some runs.
    """
    if not words.is_wanted:
        return dict.fromkeys(WORD_LIMITS, "expected a graph, or the option tokens of a CTC model, found neither")
    lacking: dict[str, str] = {}
    if not words.files.reference_text:
        lacking |= dict.fromkeys(_OF_TEXT, "expected text, what was said, found none")
    if not has_other:
        lacking |= dict.fromkeys(_OF_OTHER, "expected a hypothesis, or another run (against), found neither")
    return lacking


def with_other_words(tables: Mapping[str, TomlTable], runs: Sequence[SuiteRun]) -> list[SuiteRun]:
    """The runs, each knowing the whole name of the run that its words are compared with.

    That is the first run of the case that it names, or a run by its whole name; else the first run of its own case,
    which is compared with nothing. ``tables`` are the cases by name. Raises SuiteFormatError.
    """
    before: dict[str, SuiteRun] = {}  # by the name of the case, and by whole name
    found = []
    for run in runs:
        resolved = _resolved(tables[run.case], run, before)
        found.append(resolved)
        before.setdefault(run.case, resolved)
        before[run.name] = resolved
    return found


def _resolved(case: TomlTable, run: SuiteRun, before: Mapping[str, SuiteRun]) -> SuiteRun:
    words = run.job.decoding
    if not words.is_wanted or words.files.hypothesis:
        return run
    other = before.get(run.against or run.case)
    if run.against and (other is None or not other.job.decoding.is_wanted):
        known = [name for name, each in before.items() if each.job.decoding.is_wanted]
        case.fail(
            "against",
            f"against '{run.against}': expected a case before this one that has words, or one of its runs"
            f"{suggestion(run.against, known)}",
        )
    if other is None:
        return replace(run, limits=replace(run.limits, max_wer_increase=None, max_changed_words=None))
    return replace(run, against=other.name)
