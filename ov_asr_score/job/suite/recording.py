"""References of a suite, written anew because the user asked for it.

Tests: tests/job/suite/test_run.py, tests/cli/commands/test_check.py
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from ov_asr_score.errors import ShapeMismatchError, UsageError
from ov_asr_score.job.run.nonfinite import nonfinite_notes
from ov_asr_score.job.score import run_job
from ov_asr_score.job.suite.run_texts import without_words
from ov_asr_score.job.suite.suite import SuiteRun
from ov_asr_score.kaldi_io import TableWriter, parse_read_specifier, parse_write_specifier, read_table
from ov_asr_score.kaldi_io.tables.parts import has_pattern
from ov_asr_score.report.data.suite import RunResult
from ov_asr_score.scoring.utterances.table_specs import apparent_pairs


class Recorder:
    """Writes the references of cases; ``written`` names the files. The first run of a case gives its references."""

    def __init__(self, sources: Collection[Path]) -> None:
        """``sources`` are never written to; nothing is written before ``record`` is called."""
        self.written: list[str] = []
        self._sources = sources
        self._cases: dict[Path, str] = {}  # file -> case whose scores are there

    def wants(self, run: SuiteRun, result: RunResult | None) -> bool:
        """Whether the references of ``run`` are to be written: they do not hold any more (no result: not readable)."""
        if not run.is_first or run.runs_only:
            return False
        return result is None or result.status == "failed"

    def record(self, run: SuiteRun) -> None:
        """Write the references of the case of ``run``, all of them or none.

        Raises UsageError for references that cannot be written whole or that another case gave, ShapeMismatchError
        where not all utterances have finite scores, and what scoring and writing raise.
        """
        pairs = apparent_pairs(run.job.references)
        has_layers = any(layer is not None for layer, _ in pairs)
        named = {layer or str(number): text for number, (layer, text) in enumerate(pairs)}
        targets = self._targets(run.case, list(named.values()))
        with tempfile.TemporaryDirectory(prefix="ov-asr-score-") as folder, ExitStack() as stack:
            kept = {layer: f"ark:{Path(folder, f'{index}.ark')}" for index, layer in enumerate(named)}
            _score(run, kept if has_layers else tuple(kept.values()))
            for target in targets:
                Path(target).parent.mkdir(parents=True, exist_ok=True)
            writers = {layer: stack.enter_context(TableWriter(text)) for layer, text in named.items()}
            for layer, writer in writers.items():
                frames = 0
                for key, scores in read_table(kept[layer]):
                    writer.write(key, scores)
                    frames += len(scores)
                if not frames:
                    raise ShapeMismatchError(f"case '{run.case}': there are no scores; nothing was recorded")
            for writer in writers.values():
                writer.finish()
        self._cases |= dict.fromkeys((Path(target).resolve() for target in targets), run.case)
        self.written += targets

    def _targets(self, case: str, texts: list[str]) -> list[str]:
        """The files of reference tables. Raises UsageError, SpecifierError."""
        targets = []
        for text in texts:
            specifier = parse_read_specifier(text)
            name, place = specifier.filename, Path(specifier.filename).resolve()
            if specifier.form == "scp" or has_pattern(specifier) or re.search(r":\d+$", name):
                raise UsageError(f"case '{case}': references {text} are no whole archive; expected ark:reference.ark")
            parse_write_specifier(text)
            other = self._cases.get(place)
            if other is not None:
                raise UsageError(f"{name}: holds the scores of case '{other}' since just now; name another file")
            if place in self._sources or name in targets:
                raise UsageError(f"case '{case}': {name} is read by the suite, or is named twice; name another file")
            targets.append(name)
        return targets


def _score(run: SuiteRun, outputs: Mapping[str, str] | tuple[str, ...]) -> None:
    """Write scores to ``outputs``. Raises ShapeMismatchError where they must not become references."""
    report = run_job(replace(without_words(run.job), outputs=outputs, references=()))
    if report.verdict != "ok":
        raise ShapeMismatchError(f"case '{run.case}': not all utterances were scored; nothing was recorded")
    broken = nonfinite_notes(report)  # features, too: an activation can hide them from the scores
    if broken:
        raise ShapeMismatchError(f"case '{run.case}': {broken[0]}; such scores become no reference")
