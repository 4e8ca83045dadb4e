"""Foreign text in messages: names that may have been meant, clipped bytes, printable names."""

from __future__ import annotations

from ov_asr_score.text import clipped, did_you_mean, near_names, printable_name, shown_key, suggestion


def test_suggestion() -> None:
    assert suggestion("skore", ["score", "hidden"]) == "; did you mean 'score'?"
    assert suggestion("zz", ["score", "score", "hidden"]) == "; known: 'score', 'hidden'"
    assert suggestion("zz", list("abcdefghij")).endswith("'h', …")
    assert suggestion("zz", [""]) == ""


def test_near_names_are_sorted_by_similarity_and_limited() -> None:
    known = ["GNA_SW_FP32", "GNA_SW_EXACT", "GNA_HW", "CPU"]
    assert near_names("GNA_SW_FP", known)[0] == "GNA_SW_FP32"
    assert near_names("GNA_SW_FP", known, most=1) == ["GNA_SW_FP32"]
    assert near_names("GNA_SW", known, similarity=0.99) == []


def test_did_you_mean() -> None:
    assert did_you_mean(["a"]) == "; did you mean a?"
    assert did_you_mean(["a", "b"]) == "; did you mean a or b?"
    assert did_you_mean([]) == ""


def test_foreign_text_is_clipped_and_printable() -> None:
    assert clipped(b"short\n") == r"'short\n'"
    assert clipped("x" * 50) == "'" + "x" * 20 + "…'"
    assert "\udcff" not in clipped("\udcff")


def test_names_in_messages_stay_in_one_printable_line() -> None:
    assert printable_name("a\nb\udcff\x1b") == "a\\nb\\xff\\x1b"
    assert printable_name("naïve") == "naïve"
    assert printable_name("") == "standard input"
    assert shown_key("utt\n1") == "'utt\\n1'"
