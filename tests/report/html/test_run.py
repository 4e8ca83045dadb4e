"""The HTML page of a run."""

from __future__ import annotations

import io

import numpy as np
import pytest

from ov_asr_score.comparison import Limits, compare_scores, exceeded_limits
from ov_asr_score.job.run.error_detail import DetailCollector
from ov_asr_score.profiling import LayerTime
from ov_asr_score.report.data.error_detail import ErrorDetail
from ov_asr_score.report.data.gna import GnaLayerReport, GnaReport
from ov_asr_score.report.data.run import RunReport, UtteranceReport
from ov_asr_score.report.data.words import WordChanges, WordErrorCounts, WordTotals
from ov_asr_score.report.html.run import write_run_page
from tests.report.pages import Page, check_self_contained

HOSTILE = "</table><img src=x onerror=alert(1)>"


def run(*, with_scores: bool = False, outputs: tuple[str, ...] = ("out",), keys: tuple[str, ...] = ("a", "b")) -> str:
    report = RunReport("1.0", command=["ov-asr-score", "score"], model={"path": f"models/{HOSTILE}.xml"})
    report.device = {"device": "CPU", "precision": "f32"}
    report.notes = ["a note"]
    collector = DetailCollector(with_scores=with_scores)
    generator = np.random.default_rng(5)
    for key in keys:
        reference = generator.normal(size=(40, 12)).astype(np.float32)
        differences = {}
        for output in outputs:
            scores = reference + np.float32(1e-3) * generator.normal(size=reference.shape).astype(np.float32)
            differences[output] = compare_scores(scores, reference, key=key)
            collector.compared(key, output, scores, reference, differences[output])
            report.add_difference(key, output, differences[output])
        utterance = UtteranceReport(key, 40, 0, 1, 0.01, dict.fromkeys(outputs, 12), differences)
        collector.utterance(utterance)
        report.totals.utterances += 1
        report.totals.frames += 40
    report.totals.requests = 2
    report.layers = [LayerTime(f"affine{HOSTILE}", "FullyConnected", "brgemm", "EXECUTED", 900.0, 900.0, 3)]
    layer = GnaLayerReport(f"gna{HOSTILE}", "affine", 16, 1.0, 2.0, 3.0, 100, 4, 41.5, 0.1, 0.5)
    report.gna = GnaReport(40, 30.0, (layer, layer), "", ("a hint",))
    return written(report, collector.detail)


def written(report: RunReport, detail: ErrorDetail) -> str:
    file = io.StringIO()
    write_run_page(file, report, detail)
    return file.getvalue()


def test_sections_and_key_figures_in_order() -> None:
    markup = run()
    parsed = Page(markup)
    assert parsed.headings == [
        "Error distribution",
        "Error along time",
        "Utterances",
        "Layers by time",
        "Layers of GNA",
        "Settings and versions",
        "Notes and failures",
    ]
    assert parsed.text_of["h1"] == ["✓ OK"]
    assert {row[0] for row in parsed.tables[0][1:]} == {"a", "b"}
    assert parsed.tables[1][1][:3] == [f"affine{HOSTILE}", "100.0%", "0.9"]
    assert not [tag for tag, _ in parsed.tags if tag in ("img", "image")]  # no pictures of scores unasked
    assert "a note" in parsed.text_of["li"]
    check_self_contained(markup)


def test_words() -> None:
    report = RunReport("1.0")
    report.words = WordTotals(utterances=3, frames=100, words=159)
    report.words.errors = WordErrorCounts(3, 2, 159, 1, 2, 10, 1300 / 159, 66.7, ("%WER 8.18", "%SER 66.67"))
    report.words.changes = WordChanges("other.txt", 3, 2, 159, 3, 1300 / 159, 1300 / 159)
    report.words.add_failure(HOSTILE, "no path survived")
    report.verdict = "failed"
    markup = written(report, DetailCollector(with_scores=False).detail)
    parsed = Page(markup)
    assert "Words" in parsed.headings
    assert "%WER 8.18" in parsed.text_of["li"]
    assert f"no words: {HOSTILE}: no path survived" in parsed.text_of["li"]
    assert "8.18%" in markup
    assert "13 of 159 words" in markup
    assert f"1 utterance without words, first {HOSTILE}: no path survived" in parsed.text_of["li"]
    check_self_contained(markup)


def test_charts_use_page_colours() -> None:
    markup = run()
    assert markup.count("<svg") == 4
    assert "#0101" not in markup
    assert "var(--series-1)" in markup
    assert "DejaVu" not in markup


def test_score_images_are_optional() -> None:
    markup = run(with_scores=True)
    images = [attributes for tag, attributes in Page(markup).tags if tag == "image"]
    assert len(images) >= 2 * 3
    check_self_contained(markup)


def test_page_is_reproducible() -> None:
    assert run(with_scores=True) == run(with_scores=True)


def test_hostile_keys_are_escaped() -> None:
    parsed = Page(run(keys=(HOSTILE, "b")))
    assert [tag for tag, _ in parsed.tags].count("tr") == [tag for tag, _ in Page(run()).tags].count("tr")
    assert HOSTILE in [row[0] for row in parsed.tables[0]]
    assert any(HOSTILE in caption for caption in parsed.text_of["figcaption"])


def test_several_outputs() -> None:
    parsed = Page(run(outputs=("left", "right"), with_scores=True))
    assert parsed.tables[0][0][:2] == ["utterance", "output"]
    assert sorted(row[1] for row in parsed.tables[0][1:]) == ["left", "left", "right", "right"]
    assert "largest error, left" in parsed.text_of["dt"]


@pytest.mark.parametrize("reasons", [1, 9])
def test_failed_run_shows_reasons_in_verdict(reasons: int) -> None:
    report = RunReport("1.0", verdict="failed", limit_messages=[f"reason {index}" for index in range(reasons)])
    report.add_failure("u1", HOSTILE)
    report.missing_keys = {"ref.ark": ["u2", "u3"]}
    parsed = Page(written(report, ErrorDetail()))
    assert parsed.text_of["h1"] == ["✕ Failed"]
    assert parsed.text_of["li"][0] == "reason 0"
    assert ("and 6 more reasons, below" in parsed.text_of["li"]) == (reasons == 9)
    assert f"u1: {HOSTILE}" in parsed.text_of["li"]
    assert "missing in ref.ark (2): u2, u3" in parsed.text_of["li"]


def test_empty_run() -> None:
    parsed = Page(written(RunReport("1.0"), ErrorDetail()))
    assert parsed.headings == ["Settings and versions"]


def test_limit_messages_without_locations() -> None:
    report = RunReport("1.0", verdict="failed")
    scores, reference = np.array([[1.0, np.nan]]), np.array([[1.0, 4.5678]])
    report.add_difference("a", "out", compare_scores(scores, reference, key="a"))
    report.limit_messages = exceeded_limits(report.comparison["out"], Limits())
    assert "4.5678" in report.limit_messages[0]
    markup = written(report, ErrorDetail())
    assert "4.5678" not in markup
    assert (
        Page(markup)
        .text_of["li"]
        .count("scores and reference disagree in NaN or infinity: 1 (first at utterance 'a', frame 0, column 1)")
    )


def test_nonfinite_scores() -> None:
    collector, report = DetailCollector(with_scores=True), RunReport("1.0", verdict="failed")
    scores, reference = np.full((30, 4), np.nan, np.float32), np.zeros((30, 4), np.float32)
    for key, values in (("nan", scores), ("huge", reference + np.float32(3e38)), ("none", reference[:0])):
        difference = compare_scores(values, reference[: len(values)], key=key)
        collector.compared(key, "out", values, reference[: len(values)], difference)
        report.add_difference(key, "out", difference)
        collector.utterance(UtteranceReport(key, len(values), 0, 1, 0.0, {"out": 4}, {"out": difference}))
    parsed = Page(written(report, collector.detail))
    assert [row[0] for row in parsed.tables[0][1:]] == ["nan", "huge", "none"]
    assert parsed.tables[0][1][2] == "∞"
