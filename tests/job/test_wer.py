from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import pytest

from ov_asr_score.errors import MissingExtraError, MissingUtteranceError, OvAsrScoreError, UsageError
from ov_asr_score.job import WerJob, run_wer
from ov_asr_score.report.data.word_errors import HypothesisReport, WordErrorsReport
from ov_asr_score.settings.words.wer_job import CountingSettings, ErrorDetails
from ov_asr_score.word_errors.alignment import EditCounts
from ov_asr_score.word_errors.bootstrap import SignTest
from tests.word_errors.kaldi_texts import FOLDER, MODELS

REFERENCE = str(FOLDER / "text")
FAST = CountingSettings(replications=50)


def hyp(model: str) -> str:
    return str(FOLDER / f"{model}.hyp")


def only(report: WordErrorsReport) -> HypothesisReport:
    (hypothesis,) = report.hypotheses
    return hypothesis


@pytest.mark.parametrize("model", MODELS)
def test_lines_are_those_of_compute_wer(model: str) -> None:
    report = run_wer(WerJob(REFERENCE, hyp(model), counting=FAST))
    assert "\n".join(only(report).kaldi_lines) + "\n" == (FOLDER / f"{model}.wer").read_text(encoding="utf-8")
    assert report.verdict == "ok"


@pytest.mark.parametrize(("mode", "text"), [("strict", "hyp"), ("present", "part"), ("all", "part")])
def test_modes(mode: str, text: str) -> None:
    counting = CountingSettings(mode=mode, replications=10)  # type: ignore[arg-type]
    report = run_wer(WerJob(str(FOLDER / "random_ref.txt"), str(FOLDER / f"random_{text}.txt"), counting=counting))
    expected = (FOLDER / f"random_{mode}.wer").read_text(encoding="utf-8").splitlines()
    assert list(only(report).kaldi_lines) == expected
    assert (only(report).absent, only(report).extra) == ((0, 0) if text == "hyp" else (54, 1))
    assert [note.partition(": ")[2][:40] for note in report.notes] == {
        "strict": [],
        "present": ["54 utterances are missing and not scored", "1 utterances are not in the reference an"],
        "all": ["54 utterances are missing and counted as", "1 utterances are not in the reference an"],
    }[mode]


def test_strict_mode_wants_all_utterances() -> None:
    with pytest.raises(MissingUtteranceError, match=r"random_part\.txt: expected a text for "):
        run_wer(WerJob(str(FOLDER / "random_ref.txt"), str(FOLDER / "random_part.txt")))


def test_speakers_groups_and_confusions(tmp_path: Path) -> None:
    groups = tmp_path / "utt2tag"
    keys = [line.split()[0] for line in Path(REFERENCE).read_text().splitlines()]
    groups.write_text("".join(f"{key} {'flite' if key.startswith('flite') else 'espeak'}\n" for key in keys))
    details = ErrorDetails(utt2spk=str(FOLDER / "utt2spk"), groups=str(groups), worst=2, confusions=1)
    found = only(run_wer(WerJob(REFERENCE, hyp("nnet3_chain_tdnnf"), counting=FAST, details=details)))
    assert [part.name for part in found.groups] == ["espeak", "flite"]
    assert [part.words.errors for part in found.groups] == [2, 11]
    assert len(found.speakers) == 11
    for parts in (found.groups, found.speakers):
        assert sum(part.words.length for part in parts) == 159
        assert sum(part.sentences for part in parts) == 60
        assert sum(part.wrong_sentences for part in parts) == 8
    assert [(each.reference, each.hypothesis, each.count) for each in found.substitutions] == [("off", "on", 2)]
    assert [(each.word, each.count) for each in found.insertions] == [("on", 1)]
    assert [(each.key, each.speaker) for each in found.worst] == [
        ("flite_slt-t0051", "flite_slt"),
        ("es_steph2-t0043", "es_steph2"),
    ]
    groups.write_text("x y\n")
    with pytest.raises(MissingUtteranceError, match="utt2tag: expected a line for 'es_Andrea-t0004'"):
        run_wer(WerJob(REFERENCE, hyp("nnet3_chain_tdnnf"), counting=FAST, details=details))


def test_characters() -> None:
    counting = CountingSettings(characters="without-spaces", replications=0)
    found = only(run_wer(WerJob(REFERENCE, hyp("nnet3_chain_tdnnf"), counting=counting)))
    # compute-wer of the same texts with a space between any two characters
    assert found.characters == EditCounts(629, 3, 19, 19)
    assert found.interval is None
    spaced = CountingSettings(characters="with-spaces", replications=0)
    with_spaces = only(run_wer(WerJob(REFERENCE, hyp("nnet3_chain_tdnnf"), counting=spaced)))
    assert with_spaces.characters is not None
    assert with_spaces.characters.length == 629 + 159 - 60


def test_rules(tmp_path: Path) -> None:
    (tmp_path / "ref").write_text("u Hello, World!\n")
    (tmp_path / "hyp").write_text("u hello <unk> world\n")
    (tmp_path / "rules").write_text("lower\nremove <unk>\nreference: strip-punctuation\n")
    counting = CountingSettings(rules=str(tmp_path / "rules"))
    found = only(run_wer(WerJob(str(tmp_path / "ref"), str(tmp_path / "hyp"), counting=counting)))
    assert found.words == EditCounts(2)


def test_two_hypotheses() -> None:
    names = ("nnet3_chain_tdnnf", "nnet3_chain_cnn_tdnnf")
    report = run_wer(WerJob(REFERENCE, hyp(names[0]), hyp(names[1]), max_wer_increase=0.6))
    assert [each.words.errors for each in report.hypotheses] == [13, 14]
    comparison = report.comparison
    assert comparison is not None
    assert comparison.sign_test == SignTest(1, 2, 57, 1.0)
    assert comparison.improvement_probability == pytest.approx(0.182, abs=0.02)
    assert comparison.increase_percent == pytest.approx(100 / 159)
    assert report.failures == [f"{hyp(names[1])}: WER 8.18 % → 8.81 %, expected 0.6 % more or less"]
    wider = run_wer(WerJob(REFERENCE, hyp(names[0]), hyp(names[1]), counting=FAST, max_wer_increase=100 / 159))
    assert wider.verdict == "ok"


def test_hypotheses_are_compared_where_both_are(tmp_path: Path) -> None:
    (tmp_path / "ref").write_text("a x x\nb x x\nc x x\n")
    (tmp_path / "one").write_text("a y y\nb y x\n")
    (tmp_path / "two").write_text("b x x\nc y y\n")
    reference, first, second = (str(tmp_path / name) for name in ("ref", "one", "two"))
    report = run_wer(WerJob(reference, first, second, counting=CountingSettings(mode="present", replications=5)))
    assert [each.words.percent for each in report.hypotheses] == [75, 50]
    comparison = report.comparison
    assert comparison is not None
    assert (comparison.utterances, comparison.first_percent, comparison.second_percent) == (1, 50, 0)
    assert comparison.improvement_probability == 1


@pytest.mark.parametrize(
    ("limits", "failures"),
    [
        ({"max_wer": 8.2, "max_cer": 6.6}, []),
        ({"max_wer": 8.0}, ["WER 8.18 %, expected 8 % or less"]),
        ({"max_cer": 6.5}, ["CER 6.52 %, expected 6.5 % or less"]),
    ],
)
def test_limits(limits: dict[str, float], failures: list[str]) -> None:
    report = run_wer(WerJob(REFERENCE, hyp("nnet3_chain_tdnnf"), counting=FAST, **limits))  # type: ignore[arg-type]
    assert [failure.partition(": ")[2] for failure in report.failures] == failures


def test_nothing_to_score_fails(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    counting = CountingSettings(mode="present")
    report = run_wer(WerJob(REFERENCE, str(tmp_path / "empty"), counting=counting, max_wer=50))
    assert [failure.partition(": ")[2] for failure in report.failures] == [
        "no utterance was scored",
        "WER nan %, expected 50 % or less",
    ]


def test_report_files(tmp_path: Path) -> None:
    job = {"reference": REFERENCE, "hypothesis": hyp("nnet1_dnn"), "counting": FAST}
    report = run_wer(WerJob(**job, report=str(tmp_path / "a.json")))  # type: ignore[arg-type]
    written = json.loads((tmp_path / "a.json").read_text())
    assert written["format"] == "ov-asr-score-word-errors"
    assert written["hypotheses"][0]["words"]["percent"] == only(report).words.percent
    run_wer(WerJob(**job, report=str(tmp_path / "a.csv")))  # type: ignore[arg-type]
    with (tmp_path / "a.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 60
    assert sum(int(row["substitutions"]) for row in rows) == only(report).words.substitutions
    run_wer(WerJob(**job, report=str(tmp_path / "a.html")))  # type: ignore[arg-type]
    assert "<h1>" in (tmp_path / "a.html").read_text()


def test_what_is_read_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "ref").write_text("a x\n")
    path = str(tmp_path / "ref")
    with pytest.raises(UsageError, match="is the same file as that of hypothesis"):
        run_wer(WerJob(REFERENCE, path, report=path))
    with pytest.raises(UsageError, match="standard input"):
        run_wer(WerJob("-", "-"))
    with pytest.raises(UsageError, match="max_wer_increase: expected two hypotheses"):
        run_wer(WerJob(REFERENCE, path, max_wer_increase=1))


def test_nothing_is_written_after_an_error(tmp_path: Path) -> None:
    (tmp_path / "hyp").write_text("a x\na y\n")
    with pytest.raises(OvAsrScoreError, match=r"hyp: line 2: key 'a' came before"):
        run_wer(WerJob(REFERENCE, str(tmp_path / "hyp"), report=str(tmp_path / "a.json")))
    assert [path.name for path in tmp_path.iterdir()] == ["hyp"]


def test_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kaldialign", None)
    with pytest.raises(MissingExtraError, match=r"ov-asr-score\[decode\]"):
        run_wer(WerJob("no such file", "another"))
