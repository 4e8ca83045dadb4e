from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from ov_asr_score.errors import FileAccessError, OvAsrScoreError, SpecifierError, TableFormatError
from ov_asr_score.job.words.word_texts import changed_texts, read_rules, read_texts, text_format
from ov_asr_score.transcript.json_form import to_json
from ov_asr_score.transcript.transcript import Alternative, Segment, Transcript, Word
from ov_asr_score.word_errors.text_formats import UtteranceText

TEXTS = {"u1": ("guten", "tag"), "u2": ()}
FILES = {
    "a.txt": b"u1 guten tag\nu2\n",
    "a.trn": b"guten tag (u1)\n(u2)\n",
    "a.stm": b"u1 1 s 0 1 guten tag\nu2 1 s 0 2\n",
    "a.trn.gz": gzip.compress(b"guten\ttag (u1)\r\n\n(u2)\n"),
}


def words_of(path: Path | str, **options: object) -> dict[str, tuple[str, ...]]:
    return {key: text.words for key, text in read_texts(str(path), "auto", **options).texts.items()}  # type: ignore[arg-type]


@pytest.mark.parametrize("name", FILES)
def test_formats_by_suffix(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(FILES[name])
    assert words_of(tmp_path / name) == TEXTS


def test_transcripts(tmp_path: Path) -> None:
    best = Alternative((Word("guten"), Word("tag")))
    segments = (Segment("u1", 0.0, 1.0, (best, Alternative(())), speaker="ann"), Segment("u2", 1.0, 2.0, ()))
    (tmp_path / "a.json").write_text(to_json(Transcript(segments)), encoding="utf-8")
    assert words_of(tmp_path / "a.json") == TEXTS
    assert read_texts(str(tmp_path / "a.json"), "auto").texts["u1"].speaker == "ann"
    (tmp_path / "b.json").write_text(to_json(Transcript(segments[:1] * 2)), encoding="utf-8")
    with pytest.raises(TableFormatError, match=r"b\.json: segments\[1\]: utterance 'u1' came before"):
        words_of(tmp_path / "b.json")
    (tmp_path / "c.json").write_text("{}", encoding="utf-8")
    with pytest.raises(OvAsrScoreError, match=r"c\.json: expected an object with the format"):
        words_of(tmp_path / "c.json")


def test_specifiers_patterns_and_given_formats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x").write_bytes(FILES["a.trn"])
    assert {key: text.words for key, text in read_texts("x", "trn").texts.items()} == TEXTS
    Path("hyp.1").write_bytes(b"u1 guten tag\n")
    Path("hyp.2").write_bytes(b"u2\n")
    assert words_of("ark,t:hyp.*") == TEXTS
    with pytest.raises(SpecifierError, match="must be a text file or ark:<file>"):
        words_of("scp:x")
    with pytest.raises(SpecifierError, match="allow"):
        words_of("cat x |")
    assert words_of("cat hyp.1 hyp.2 |", allow_commands=True) == TEXTS
    with pytest.raises(FileAccessError, match=r"nothing\.txt"):
        words_of("nothing.txt")


def test_suffixes() -> None:
    names = ("text", "a.trn", "A.STM", "x.ctm.gz", "x.json", "a.trn.txt", "ark:a.ctm", "trn")
    assert [text_format(name) for name in names] == ["text", "trn", "stm", "ctm", "json", "text", "ctm", "trn"]


def test_ctm_with_and_without_segments(tmp_path: Path) -> None:
    (tmp_path / "ref.stm").write_text("r 1 s 0 1 a\nr 1 s 1 2 b\n")
    (tmp_path / "hyp.ctm").write_text("r 1 0.1 0.2 a\nr 1 1.5 0.1 c\nr 1 9 1 d\nr 1 9 1 e\n")
    segments = read_texts(str(tmp_path / "ref.stm"), "auto").segments
    found = read_texts(str(tmp_path / "hyp.ctm"), "auto", segments)
    assert [text.words for text in found.texts.values()] == [("a",), ("c",)]
    assert found.notes == (f"{tmp_path}/hyp.ctm: 2 words are in no segment of the reference, and are not scored",)
    assert words_of(tmp_path / "hyp.ctm") == {"r": ("a", "c", "d", "e")}


def test_rules(tmp_path: Path) -> None:
    rules = tmp_path / "rules.txt"
    rules.write_text("\n# all\nlower\nreference: remove um\n")
    (tmp_path / "a").write_text("u UM So\n")
    spoken = read_texts(str(tmp_path / "a"), "auto")
    assert changed_texts(spoken, read_rules(str(rules)), "reference").texts == {"u": UtteranceText("u", ("so",))}
    assert changed_texts(spoken, read_rules(""), "reference").texts == spoken.texts
    rules.write_text("lower\n\nlowr\n")
    with pytest.raises(TableFormatError, match=r"rules\.txt: line 3: expected a rule, found 'lowr'"):
        read_rules(str(rules))
