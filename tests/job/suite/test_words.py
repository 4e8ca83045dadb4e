"""Words of suites: limits, runs that are compared with each other, rankings. Kaldi has one error in 20 words."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import SuiteFormatError
from ov_asr_score.job import read_suite
from ov_asr_score.job.suite.baseline import read_baseline
from ov_asr_score.report.data.suite import RunResult, SuiteReport
from tests.job.suite.word_suites import HEAD, SPEECH, save_scaling, word_case, write_word_suite
from tests.job.suites import checked
from tests.tiny_model import write_table

AGAINST_KALDI = {"hypothesis": f'"{SPEECH}/kaldi_text"'}
INCREASE = "WER 5.00 -> 35.00 %, expected 29.9 % more or less"
CHANGES = "7 of 20 words changed, expected 6 or fewer"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> SuiteReport:
    """Of cases that keep to their limits, and others that do not."""
    path = write_word_suite(
        tmp_path_factory.mktemp("suite"),
        word_case("same", "same.xml", "max_wer = 5", references=f'"ark:{SPEECH}/kaldi_scores.ark"').replace(
            "{ max", "{ max_error = 0, max"
        ),
        word_case("stored", "same.xml", "max_wer_increase = 0, max_changed_words = 0", **AGAINST_KALDI),
        word_case(
            "wide enough", "flat.xml", "max_wer = 35, max_wer_increase = 30, max_changed_words = 7", against='"same"'
        ),
        word_case(
            "too narrow", "flat.xml", "max_wer_increase = 29.9, max_changed_words = 6", against='"same [CPU f32]"'
        ),
        word_case("wer", "flat.xml", "max_wer = 34.9"),
        head=HEAD + "decode-workers = 1\n",
    )
    return checked(path)


def results(report: SuiteReport) -> dict[str, RunResult]:
    return {result.case: result for result in report.results}


def test_limits(report: SuiteReport) -> None:
    assert {case: result.reasons for case, result in results(report).items()} == {
        "same": (),
        "stored": (),
        "wide enough": (),
        "too narrow": (INCREASE, CHANGES),
        "wer": ("WER 35.00 %, expected 34.9 % or less",),
    }
    assert report.verdict == "failed"


def test_what_words_are_compared_with(report: SuiteReport) -> None:
    texts = {case: result.words.text for case, result in results(report).items() if result.words is not None}
    others = {case: result.words.changes for case, result in results(report).items() if result.words is not None}
    assert texts == {
        "same": "WER 5.00",
        "stored": "WER 5.00 -> 5.00, 0 of 20 words changed",
        "wide enough": "WER 5.00 -> 35.00, 7 of 20 words changed",
        "too narrow": "WER 5.00 -> 35.00, 7 of 20 words changed",
        "wer": "WER 35.00",
    }
    assert {case: other.hypothesis for case, other in others.items() if other is not None} == {
        "stored": f"{SPEECH}/kaldi_text",
        "wide enough": "same [CPU f32]",
        "too narrow": "same [CPU f32]",
    }


def test_ranking(report: SuiteReport) -> None:
    (ranking,) = report.rankings
    assert (ranking.text, ranking.utterances, ranking.words) == (f"{SPEECH}/text", 9, 20)
    assert [(run.name.split(" [")[0], run.errors, run.wer_percent) for run in ranking.runs] == [
        ("same", 1, 5.0),
        ("stored", 1, 5.0),
        ("wide enough", 7, 35.0),
        ("too narrow", 7, 35.0),
        ("wer", 7, 35.0),
    ]
    first, equal, worse, *_ = ranking.runs
    assert (first.best_probability, first.p_value) == (None, None)
    assert (equal.best_probability, equal.p_value) == (0.0, 1.0)
    # 3 of 9 utterances are worse, none is better: two times a half to the third; 1 - (6 / 9) ** 9 have one of them
    assert worse.p_value == 0.25
    assert worse.best_probability == pytest.approx(1 - (6 / 9) ** 9, abs=0.01)
    assert all(run.model_bytes and run.real_time_factor for run in ranking.runs)


def test_precisions_are_compared_with_the_first_one(tmp_path: Path) -> None:
    limits = "max_wer = 5, max_changed_words = 0, max_wer_increase = 0"
    path = write_word_suite(tmp_path, word_case("same", "same.xml", limits, precisions='["f32", "bf16", "f16"]'))
    first, second, third = read_suite(path).runs
    assert (first.against, second.against, third.against) == ("", first.name, first.name)
    assert (first.limits.max_changed_words, first.limits.max_wer_increase, first.limits.max_wer) == (None, None, 5.0)
    assert second.limits.max_changed_words == third.limits.max_changed_words == 0


def test_other_run_comes_along_or_is_skipped(tmp_path: Path) -> None:
    path = write_word_suite(
        tmp_path,
        word_case("npu", "same.xml", "max_wer = 5", devices='["NPU"]'),
        word_case("cpu", "same.xml", "max_changed_words = 0", against='"npu"'),
        word_case("without limits", "same.xml", "max_wer = 5", against='"npu"'),
    )
    found = checked(path, only=["cpu"]).results
    assert [result.status for result in found] == ["skipped", "skipped"]
    assert found[1].reasons[0].startswith("no words of npu [NPU f32] to compare with (skipped: ")
    assert results(checked(path))["without limits"].status == "passed"


def test_baseline_has_word_error_rates(tmp_path: Path) -> None:
    limits = "max_wer = 50, max_wer_increase_to_baseline = 29.9"
    path = write_word_suite(tmp_path, word_case("a", "same.xml", limits))
    assert results(checked(path))["a"].reasons == ("no baseline of this run; update the baseline to record one",)
    checked(path, update=True)
    baseline = tmp_path / "suite.baseline.json"
    assert read_baseline(baseline)["a [CPU f32]"].wer_percent == 5.0
    assert results(checked(path))["a"].status == "passed"
    write_word_suite(tmp_path, word_case("a", "flat.xml", limits))
    expected = "WER 35.00 %, expected at most 29.9 more than 5.00 %, the baseline"
    assert results(checked(path))["a"].reasons == (expected,)
    data = json.loads(baseline.read_text())
    del data["runs"]["a [CPU f32]"]["wer_percent"]
    baseline.write_text(json.dumps(data))
    (reason,) = results(checked(path))["a"].reasons
    assert reason.startswith("the baseline has no word error rate")


def test_ctc_models(tmp_path: Path) -> None:
    rows = np.log(np.array([[0.1, 0.8, 0.1], [0.8, 0.1, 0.1], [0.1, 0.1, 0.8]], np.float32))
    save_scaling(tmp_path / "ctc.xml", 1.0, 3)
    write_table(tmp_path / "ctc.ark", {"utt1": rows})
    (tmp_path / "tokens.txt").write_text("<blk> 0\nyes 1\nno 2\n")
    (tmp_path / "text").write_text("utt1 yes yes\n")
    path = tmp_path / "suite.toml"
    path.write_text(
        '[[case]]\nname = "ctc"\nmodel = "ctc.xml"\ninputs = "ark:ctc.ark"\ntext = "text"\nlimits = { max_wer = 49 }\n'
        'options = { tokens = "tokens.txt", word_separator = "each-token" }\n'
    )
    (result,) = checked(path).results
    assert result.reasons == ("WER 50.00 %, expected 49 % or less",)


@pytest.mark.parametrize(
    ("cases", "message"),
    [
        ([word_case("a", "m", "max_changed_words = 0")], "max_changed_words: expected a hypothesis, or another run"),
        ([word_case("a", "m", "max_error = 1")], "max_error: a case that only runs has no references to compare with"),
        ([word_case("a", "m", "min_speed_to_baseline = 1")], "expected a limit such as max_wer, found none"),
        ([word_case("a", "m", "max_wer = 1", against='"b"')], "against 'b': expected a case before this one"),
        (
            [word_case("a", "m", "max_wer = 1", against='"b"'), word_case("b", "m", "max_wer = 1")],
            "against 'b': expected a case before this one that has words",
        ),
        (
            [word_case("a", "m", "max_wer = 1"), word_case("b", "m", "max_wer = 1", against='"a"', **AGAINST_KALDI)],
            "against and hypothesis: words are compared with one of them",
        ),
        ([word_case("a", "m", "max_wer = 1", text='"-"')], "text: '-': a suite takes files only"),
        (
            [word_case("a", "m", "max_wer = 1", graph='"cat HCLG.fst |"')],
            "graph: 'cat HCLG.fst |': a suite takes files",
        ),
        ([word_case("a", "m", "max_wer = 1", reference_text='"t"')], "unknown key 'reference_text'; it belongs into"),
    ],
)
def test_faults(cases: list[str], message: str, tmp_path: Path) -> None:
    path = write_word_suite(tmp_path, *cases)
    with pytest.raises(SuiteFormatError, match=r"suite\.toml:\d+: ") as error:
        read_suite(path)
    assert message in str(error.value)


def test_a_case_with_text_lacks_a_graph_not_references(tmp_path: Path) -> None:
    path = tmp_path / "suite.toml"
    path.write_text('[[case]]\nname = "a"\nmodel = "m"\ninputs = "i"\ntext = "t"\n')
    with pytest.raises(SuiteFormatError, match=r"suite\.toml:5: text: expected a graph, or the option tokens"):
        read_suite(path)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"text": '"t"'}, "text: expected a graph, or the option tokens of a CTC model, found neither"),
        ({"limits": "{ max_wer = 1 }"}, "max_wer: expected a graph, or the option tokens"),
        ({"graph": '"g"', "limits": "{ max_wer = 1 }"}, "max_wer: expected text, what was said, found none"),
    ],
)
def test_what_words_need(values: dict[str, str], message: str, tmp_path: Path) -> None:
    path = tmp_path / "suite.toml"
    lines = [f"{key} = {value}" for key, value in ({"model": '"m"', "inputs": '"i"', "name": '"a"'} | values).items()]
    path.write_text("\n".join(["[[case]]", "runs_only = true", *lines]))
    with pytest.raises(SuiteFormatError, match=message):
        read_suite(path)


def test_limits_of_the_defaults_are_for_cases_with_words(tmp_path: Path) -> None:
    path = tmp_path / "suite.toml"
    path.write_text(
        "[defaults.limits]\nmax_wer = 1\nmax_changed_words = 2\n"
        '[[case]]\nname = "a"\nmodel = "m"\ninputs = "i"\nruns_only = true\n'
        '[[case]]\nname = "b"\nmodel = "m"\ninputs = "i"\ngraph = "g"\ntext = "t"\nhypothesis = "h"\n'
    )
    first, second = read_suite(path).runs
    assert not first.limits.holds_words
    assert (second.limits.max_wer, second.limits.max_changed_words) == (1.0, 2)
    names = {file.name for file in read_suite(path).files()}
    assert {"g", "t", "h"} <= names
