"""docs/word-errors.md: its examples give what it says, and it names every option, rule and format."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

from ov_asr_score.settings.setting import settings_of
from ov_asr_score.settings.words.wer_job import WerJob
from ov_asr_score.word_errors.text_formats import TEXT_FORMATS
from ov_asr_score.word_errors.text_rules import RULE_NAMES, parse_text_rules
from tests.command_line import ROOT, run
from tests.word_errors.kaldi_texts import FOLDER

TEXT = (ROOT / "docs" / "word-errors.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
OUTPUTS = [block for language, block in BLOCKS if not language]


def test_examples(folder: Path) -> None:
    shutil.copy(FOLDER / "text", "text")
    shutil.copy(FOLDER / "nnet3_chain_tdnnf.hyp", "hyp.txt")
    shutil.copy(FOLDER / "nnet3_chain_cnn_tdnnf.hyp", "new_hyp.txt")
    shutil.copy(FOLDER / "words.txt", "words.txt")
    shutil.copy(FOLDER.parent / "lattices" / "wide" / "lat.ark.gz", "lat.ark.gz")
    commands = [shlex.split(block) for language, block in BLOCKS if language == "sh"]
    first, second, third = (run(*words[1:]) for words in commands)
    assert (first.code, second.code, third.code) == (0, 1, 0)
    assert first.stdout.startswith(OUTPUTS[0])
    assert OUTPUTS[1] in first.stdout
    assert OUTPUTS[3] in second.stdout
    assert OUTPUTS[4] in third.stdout
    (example,) = (block for language, block in BLOCKS if language == "python")
    found: dict[str, Any] = {}
    exec(compile(example, "docs/word-errors.md", "exec"), found)
    assert (found["words"].errors, found["words"].length) == (13, 159)


def test_rules_of_the_example() -> None:
    rules = parse_text_rules(("example", line) for line in OUTPUTS[2].splitlines())
    assert len(rules.rules) == 8
    words = ["We", "<unk>", "can", "not,", "GONNA", "e-mail", "5%"]
    assert " ".join(rules.apply(words, "reference")) == "we cannot going to e mail 5 percent"


def test_everything_is_named() -> None:
    table = TEXT.partition("| rule |")[2].partition("\n\n")[0]
    assert [rule for rule in RULE_NAMES if f"`{rule}" not in table] == []
    assert [form for form in TEXT_FORMATS if f"| `{form}` |" not in TEXT] == []
    for each in settings_of(WerJob):
        assert each.setting is not None
        name = each.setting.longest_name(each.name)
        assert each.setting.positional or name == "--allow-commands" or f"`{name}" in TEXT, name
