"""Texts that are damaged: hypotheses in all formats, and rules for texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from ov_asr_score.job.wer import run_wer
from ov_asr_score.settings.words.wer_job import CountingSettings, ErrorDetails, WerJob
from ov_asr_score.settings.words.wer_sweep import SweepSettings
from tests.word_errors.kaldi_texts import FOLDER

Read = Callable[[Path], None]

_LATTICES = FOLDER.parent / "lattices" / "wide" / "lat.ark.gz"
_TEXTS = {
    "hyp.trn": "one two (u1)\nthree (u2)\n",
    "hyp.stm": ";; comment\nr1 1 s 0.0 1.5 <o,f0> one two\nr1 1 s 1.5 3 three\nr2 2 t 0 1\n",
    "hyp.ctm": ";; comment\nr1 1 0.1 0.2 one 0.9\nr1 1 0.5 0.2 two 1.00\nr2 2 0 1 x\n",
}
_RULES = r"""# rules
nfc
lower
remove <unk> [noise]
strip-punctuation '
reference: replace gonna => going to
regex (\d+)% => \1 percent
hypothesis: remove-matching \[.*\]
"""


def text_subjects(folder: Path) -> Iterator[tuple[str, Path, Read]]:
    """Kind, file and what reads it; those that are made here are below ``folder``."""
    made = folder / "texts"
    made.mkdir()
    for name, text in {**_TEXTS, "rules": _RULES}.items():
        (made / name).write_text(text, encoding="utf-8")
    reference = str(FOLDER / "text")
    yield "texts", FOLDER / "nnet1_dnn.hyp", partial(_count, reference)
    for name in _TEXTS:
        yield "texts", made / name, partial(_count, str(made / name))
    yield "texts", made / "rules", _count_with_rules
    yield "texts", FOLDER / "utt2spk", _count_by_speaker
    yield "texts", FOLDER / "words.txt", _sweep


def _count(reference: str, path: Path) -> None:
    run_wer(WerJob(reference, str(path), counting=CountingSettings("all", replications=20)))


def _count_with_rules(path: Path) -> None:
    counting = CountingSettings("all", rules=str(path), replications=20)
    run_wer(WerJob(str(FOLDER / "text"), str(FOLDER / "nnet1_dnn.hyp"), counting=counting))


def _count_by_speaker(path: Path) -> None:
    details = ErrorDetails(utt2spk=str(path))
    run_wer(WerJob(str(FOLDER / "text"), str(FOLDER / "nnet1_dnn.hyp"), details=details))


def _sweep(path: Path) -> None:
    counting = CountingSettings("present", replications=20)
    sweep = SweepSettings(True, str(path), (1.0, 2.0), (0.0,))
    run_wer(WerJob(str(FOLDER / "text"), f"ark:{_LATTICES}", counting=counting, sweep=sweep))
