"""Word errors on the console."""

from __future__ import annotations

import io

from rich.cells import cell_len
from rich.console import Console

from ov_asr_score.report.console.word_errors import error_kind, render_alignment, render_word_errors
from ov_asr_score.word_errors.alignment import EditCounts
from ov_asr_score.word_errors.totals import UtteranceErrors
from tests.report.word_error_reports import FIRST, SECOND, SWEPT, WORST, word_errors_report


def rendered(*hypotheses: object, **options: object) -> list[str]:
    file = io.StringIO()
    render_word_errors(word_errors_report(*hypotheses, **options), Console(file=file, width=40))  # type: ignore[arg-type]
    return file.getvalue().splitlines()


def test_one_hypothesis() -> None:
    assert rendered(FIRST) == [
        "%WER 10.00 [ 4 / 40, 1 ins, 2 del, 1 sub ]",
        "%SER 50.00 [ 1 / 2 ]",
        "Scored 2 sentences, …",
        "%CER 6.00 [ 6 / 100, 1 ins, 2 del, 3 sub ] (with-spaces)",
        "95 % interval of the WER: 5.25 to 15.75 (1,000 resamples, seed 7)",
        "Speakers",
        "  WER %   SER %  CER %  errors  words  utterances  speaker",
        "  30.00  100.00  12.00       3     10           1  ann",
        "Groups",
        "  WER %  SER %  errors  words  utterances  group",
        "    inf   0.00       1      0           1  clean",
        "Substitutions",
        "  count  reference → hypothesis",
        "  1,234  日本 → x",
        "Deletions",
        "  count  word",
        "      2  weg",
        "Insertions",
        "  count  word",
        "      1  a",
        "Utterances with the most errors",
        "  100.00 [ 3 / 3, 1 ins, 1 del, 1 sub ] utt1 of ann",
        "  REF: grüße 日本                        * weg",
        '  HYP: grüße <script>alert("x")</script> a *',
        "             S                           I D",
        "  0.00 [ 1 / 30000, 0 ins, 1 del, 0 sub ] utt2",
        "note: a note",
    ]


def test_a_sweep() -> None:
    lines = rendered(SWEPT)
    begin = lines.index("WER %: best with weight 4 and penalty 0.5")
    assert lines[begin + 1 : begin + 4] == [
        "  WIP 0   WIP 0.5   language model weight",
        "  10.00     10.00*  4",
        "  20.00     20.00   8.5",
    ]


def test_two_hypotheses_and_failures() -> None:
    lines = rendered(FIRST, SECOND, failures=("new.txt: too bad",))
    assert lines[0] == "hyp.txt"
    assert lines[lines.index("new.txt") + 1] == "%WER -nan"
    assert lines[-8:] == [
        "Second hypothesis beside the first",
        "  utterances: 2 that both have",
        "  WER: 10.00 → 9.50 (-0.50)",
        "  better, worse, equal: 5, 1 and 3 utterances",
        "  sign test: p = 0.219",
        "  probability of improvement: 97.50 % of 1,000 resamples",
        "note: a note",
        "failed: new.txt: too bad",
    ]


def test_pictures_fit_on_a_terminal() -> None:
    words = tuple(f"wort{number}" for number in range(20))
    pairs = tuple((word, word if number % 3 else "日本") for number, word in enumerate(words))
    file = io.StringIO()
    console = Console(file=file, width=40, force_terminal=True, color_system=None, _environ={})
    render_alignment(UtteranceErrors("u", "", EditCounts(20, 0, 0, 7), None, pairs), console)
    _, *lines = file.getvalue().splitlines()
    assert all(cell_len(line) <= 40 for line in lines)
    assert " ".join(line.removeprefix("  REF: ") for line in lines if line.startswith("  REF:")).split() == list(words)
    marks = [line for line in lines if not line.startswith(("  REF:", "  HYP:"))]
    assert "".join(marks).split() == ["S"] * 7
    reference, hypothesis, mark = lines[:3]
    assert mark.index("S") == reference.index("wort0") == hypothesis.index("日本")


def test_errors_are_coloured() -> None:
    file = io.StringIO()
    render_alignment(WORST, Console(file=file, width=80, force_terminal=True, color_system="standard", _environ={}))
    assert "\x1b[33m日本\x1b[0m" in file.getvalue()
    assert "\x1b[31mweg\x1b[0m" in file.getvalue()
    assert "\x1b[36ma\x1b[0m" in file.getvalue()


def test_kinds_of_errors() -> None:
    assert [error_kind(pair) for pair in (("a", "a"), ("a", "b"), ("a", None), (None, "b"))] == ["", "S", "D", "I"]
