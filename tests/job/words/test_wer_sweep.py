from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.errors import TableFormatError, UsageError
from ov_asr_score.job.wer import run_wer
from ov_asr_score.job.words.wer_sweep import edge_notes
from ov_asr_score.report.data.word_errors import SweepCell, SweepReport, WordErrorsReport
from ov_asr_score.settings.words.wer_job import CountingSettings, ErrorDetails, WerJob
from ov_asr_score.settings.words.wer_sweep import SweepSettings
from ov_asr_score.word_errors.alignment import EditCounts
from ov_asr_score.word_errors.kaldi_lines import kaldi_lines
from tests.word_errors.kaldi_texts import FOLDER

LATTICES = FOLDER.parent / "lattices"
WORDS = str(FOLDER / "words.txt")
PRESENT = CountingSettings(mode="present", replications=0)


def swept(
    source: str,
    weights: tuple[float, ...],
    penalties: tuple[float, ...],
    counting: CountingSettings = PRESENT,
    best_text: str = "",
) -> WordErrorsReport:
    sweep = SweepSettings(True, WORDS, weights, penalties, best_text)
    return run_wer(WerJob(str(FOLDER / "text"), source, counting=counting, details=ErrorDetails(worst=0), sweep=sweep))


def sweep_of(report: WordErrorsReport) -> SweepReport:
    found = report.hypotheses[0].sweep
    assert found is not None
    return found


@pytest.mark.parametrize("archive", ["wide/lat.ark.gz", "wide/lat_raw.ark.gz"])
def test_every_cell_is_that_of_score_sh(archive: str) -> None:
    """compute-wer after lattice-scale, lattice-add-penalty and lattice-best-path."""
    rows = [line.split(maxsplit=2) for line in (FOLDER / "sweep_wide.txt").read_text(encoding="utf-8").splitlines()]
    expected = {(float(weight), float(penalty)): line for weight, penalty, line in rows}
    weights, penalties = (tuple(dict.fromkeys(pair[index] for pair in expected)) for index in (0, 1))
    assert len(expected) == len(weights) * len(penalties) == 105
    found = sweep_of(swept(f"ark:{LATTICES / archive}", weights, penalties))
    lines = {(cell.lm_weight, cell.word_penalty): kaldi_lines(cell.words, 9, 0, 51)[0] for cell in found.cells}
    assert lines == expected
    assert len(set(expected.values())) == 5


def test_the_best_pair_is_reported(tmp_path: Path) -> None:
    best_text = tmp_path / "best"
    report = swept(f"ark:{LATTICES}/wide/lat.ark.gz", (12, 3, 1), (0, 2), best_text=str(best_text))
    (hypothesis,) = report.hypotheses
    sweep = sweep_of(report)
    assert (sweep.lm_weight, sweep.word_penalty) == (1, 0)
    assert hypothesis.words == min((cell.words for cell in sweep.cells), key=lambda words: words.errors)
    again = run_wer(WerJob(str(FOLDER / "text"), str(best_text), counting=PRESENT))
    assert again.hypotheses[0].kaldi_lines == hypothesis.kaldi_lines
    assert any("lm_weight 1 is the best, and the lowest that was tried" in note for note in report.notes)


def test_missing_lattices_may_count_as_empty() -> None:
    counting = CountingSettings(mode="all", replications=0)
    report = swept(f"ark:{LATTICES}/chain/lat.ark.gz", (1.0, 2.0), (0.0,), counting)
    assert {cell.words.length for cell in sweep_of(report).cells} == {159}
    assert report.hypotheses[0].words in [cell.words for cell in sweep_of(report).cells]


def test_rules_are_applied_to_best_paths(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.write_text("hypothesis: replace close => two\n")
    counting = CountingSettings(mode="present", rules=str(rules), replications=0)
    found = sweep_of(swept(f"ark:{LATTICES}/wide/lat.ark.gz", (1.0,), (0.0,), counting))
    assert [cell.words.errors for cell in found.cells] == [0]  # without the rule one


def test_patterns_and_repeated_keys(tmp_path: Path) -> None:
    for name in ("lat.1.gz", "lat.2.gz"):
        (tmp_path / name).write_bytes((LATTICES / "chain" / "lat.ark.gz").read_bytes())
    assert swept(f"ark:{tmp_path}/lat.[1].gz", (1.0,), (0.0,)).hypotheses[0].sentences == 9
    with pytest.raises(TableFormatError, match=r"lat\.\*\.gz: key '.*' came before"):
        swept(f"ark:{tmp_path}/lat.*.gz", (1.0,), (0.0,))


def test_settings_that_do_not_fit(tmp_path: Path) -> None:
    text = str(FOLDER / "text")
    with pytest.raises(UsageError, match=r"sweep: expected the words of the lattices, words\.txt \(words\)"):
        run_wer(WerJob(text, "ark:x", sweep=SweepSettings(True)))
    with pytest.raises(UsageError, match=r"words: expected a table of lattices \(sweep\)"):
        run_wer(WerJob(text, text, sweep=SweepSettings(words=WORDS)))
    with pytest.raises(UsageError, match="best_text: expected one table of lattices, found two"):
        run_wer(WerJob(text, "ark:a", "ark:b", sweep=SweepSettings(True, WORDS, best_text="x")))
    (tmp_path / "few").write_text("<eps> 0\none 1\n")
    with pytest.raises(TableFormatError, match=r"few: expected a symbol for \d+, found none"):
        run_wer(WerJob(text, f"ark:{LATTICES}/chain/lat.ark.gz", sweep=SweepSettings(True, str(tmp_path / "few"))))


def report_of(errors: dict[tuple[float, float], int]) -> SweepReport:
    cells = [SweepCell(*pair, EditCounts(10, 0, count)) for pair, count in errors.items()]
    best = min(cells, key=lambda cell: cell.words.errors)
    return SweepReport(best.lm_weight, best.word_penalty, cells)


def test_notes_of_edges() -> None:
    inside = report_of({(7, 0): 3, (8, 0): 2, (9, 0): 3})
    flat = report_of({(7, 0): 2, (8, 0): 2, (9, 0): 3})
    edge = report_of({(7, 0): 3, (8, 0): 3, (9, 0): 2})
    assert list(edge_notes("x", inside)) == list(edge_notes("x", flat)) == []
    assert list(edge_notes("x", edge)) == [
        "x: lm_weight 9 is the best, and the highest that was tried; others may be better"
    ]
