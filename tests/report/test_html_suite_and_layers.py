"""The pages of a suite and of a comparison of layers."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from html.parser import HTMLParser

from ov_asr_score.report.console.layers import LayerComparison, LayerDifference
from ov_asr_score.report.data.suite import ErrorPlace, RankedRun, Ranking, RunResult, SuiteReport, WordResult
from ov_asr_score.report.data.words import WordChanges
from ov_asr_score.report.html.layers import write_layers_page
from ov_asr_score.report.html.suite import write_suite_page

HOSTILE = '<script>alert("x")</script>'


class Reader(HTMLParser):
    """Texts of cells and list items, and the names of all elements."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append(data.strip())


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    assert "http://" not in text.replace("http://www.w3.org/", "")
    assert "https://" not in text
    assert HOSTILE not in text
    assert reader.elements.count("script") == 1
    return reader


def suite_page(*results: RunResult) -> tuple[str, Reader]:
    file = io.StringIO()
    write_suite_page(file, SuiteReport(f"suite {HOSTILE}", results, ("refs.ark",), 2.5, "0.1", {"openvino": "1"}))
    return file.getvalue(), read(file.getvalue())


def test_suite_page_shows_words() -> None:
    words = WordResult(9, 1300 / 159, 13, 159, WordChanges("a", 9, 2, 159, 3, 1300 / 159, 1300 / 159))
    ranked = RankedRun(f"lstm {HOSTILE}", 1300 / 159, 13, 0.0425, 1_351_000, 0.9745, 0.25)
    report = SuiteReport("s", (RunResult("a", "CPU", "f32", "passed", words=words),))
    report = replace(report, rankings=(Ranking("speech/text", 9, 159, (ranked,)),))
    file = io.StringIO()
    write_suite_page(file, report)
    page = read(file.getvalue())
    assert "WER 8.18 -> 8.18, 3 of 159 words changed" in page.texts
    assert "Ranking on speech/text: 9 utterances, 159 words" in page.texts
    assert {f"lstm {HOSTILE}", "8.176", "0.0425", "1.351", "97.45", "0.25"} <= set(page.texts)


def test_suite_page_shows_verdict_and_reasons() -> None:
    passed = RunResult("dnn", "CPU", "f32", "passed", frames=7, max_error=1e-5, rms_error=1e-6, class_agreement=0.99999)
    failed = RunResult(
        f"lstm {HOSTILE}", "CPU", "bf16", "failed", ("max error 2 exceeds 1",), place=ErrorPlace("utt1", 3, 4)
    )
    skipped = RunResult("gpu", "GPU", "f32", "skipped", ("no device",), notes=("a note",))
    text, page = suite_page(passed, failed, skipped)
    assert "<title>Failed: suite" in text
    assert f"lstm {HOSTILE} [CPU bf16]: max error 2 exceeds 1" in page.texts
    assert {"passed", "failed", "skipped", "no device", "utt1, frame 3, class 4"} <= set(page.texts)
    assert "gpu [GPU f32]: a note" in page.texts
    assert "recorded refs.ark" in page.texts
    assert "99.99" in page.texts  # what is not all is not 100
    assert page.texts.index("Failed: suite " + HOSTILE) < page.texts.index("Runs")


def test_suite_page_passed_or_empty() -> None:
    assert "<title>OK: " in suite_page(RunResult("dnn", "CPU", "f32", "passed"))[0]
    assert "<title>Nothing run: " in suite_page(RunResult("dnn", "GPU", "f32", "skipped", ("no device",)))[0]
    many = [RunResult(f"case{index}", "CPU", "f32", "error", ("broken",)) for index in range(9)]
    assert "and 4 more, below" in suite_page(*many)[1].texts


def comparison(first_below: str | None) -> LayerComparison:
    layers = (
        LayerDifference("one", "MatMul", (1, None, 4), 8, math.inf, 0.0, 0.0, 1.0, 0),
        LayerDifference(HOSTILE, "Add", (1, 4), 8, 35.5, 0.1, 0.2, 1.0, 0),
        LayerDifference("three", "Relu", (1, 4), 8, -math.inf, math.nan, math.inf, 1.0, 2),
    )
    sides = {"model": "m.xml", "device": "CPU", "precision": "f32"}, {"model": "m.xml", "precision": "bf16"}
    return LayerComparison(
        *sides, 40.0, 2, 9, layers, first_below, ("lost",), (), (), 1, ("a note",), 1.5, ["x"], "0.1", {"numpy": "2"}
    )


def test_layers_page_names_first_layer_below_limit() -> None:
    file = io.StringIO()
    write_layers_page(file, comparison(HOSTILE))
    page = read(file.getvalue())
    assert f"first layer below 40 dB: {HOSTILE}" in page.texts
    assert {"35.5", "1×?×4", "only in the reference: lost", "a note", "svg"} <= {*page.texts, *page.elements}
    assert "<title>Failed: layers of m.xml" in file.getvalue()


def test_layers_page_passed() -> None:
    file = io.StringIO()
    write_layers_page(file, comparison(None))
    assert "<title>OK: " in file.getvalue()
    assert "all layers reach 40 dB" in read(file.getvalue()).texts
