"""Keys that came before."""

from __future__ import annotations

from ov_asr_score.kaldi_io.tables.key_digests import KeyDigests


def test_keys_are_known_once_they_were_added() -> None:
    digests = KeyDigests()
    keys = [f"utt{number}" for number in range(5000)]  # more than there are slots at first
    assert [digests.add(key) for key in keys] == [False] * len(keys)
    assert [digests.add(key) for key in keys] == [True] * len(keys)
    assert not digests.add("another")


def test_keys_that_are_no_utf8_are_keys() -> None:
    digests = KeyDigests()
    assert not digests.add("\udcff")
    assert not digests.add("ÿ")
    assert digests.add("\udcff")


def test_equal_digests_are_told_as_equal() -> None:
    class Colliding(str):
        def __hash__(self) -> int:
            return 0

    digests = KeyDigests()
    assert not digests.add(Colliding("a"))
    assert digests.add(Colliding("b"))


def test_a_key_takes_no_more_than_24_bytes() -> None:
    digests = KeyDigests()
    count = 0
    while count < 20_000:
        digests.add(f"utt{count}")
        count += 1
        if count > 1000:
            assert digests.num_bytes <= 24.1 * count
