"""Joining feature tables: by key and by position, vectors, speakers, online i-vectors, gaps and damage."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import kaldiio
import numpy as np
import pytest

from ov_asr_score.errors import MissingUtteranceError, OvAsrScoreError, ShapeMismatchError, TableFormatError, UsageError
from ov_asr_score.scoring.utterances.joining import (
    InputTable,
    JoinGaps,
    JoinOptions,
    Utterance,
    read_utterances,
    spread,
)
from tests.places import ROOT

DATA = ROOT / "data" / "two_inputs"
LENGTHS = {"a": 3, "b": 1, "c": 4}


def matrix(length: int, width: int = 2, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal((length, width)).astype(np.float32)


def write(path: Path, entries: Mapping[str, Any]) -> str:
    kaldiio.save_ark(str(path), entries)
    return f"ark:{path}"


@pytest.fixture
def feats(tmp_path: Path) -> InputTable:
    return InputTable("x", write(tmp_path / "feats.ark", {key: matrix(LENGTHS[key]) for key in LENGTHS}))


def joined(*tables: InputTable, **options: Any) -> list[Utterance]:
    return list(read_utterances(tables, JoinOptions(**options)))


def test_a_single_table(feats: InputTable) -> None:
    found = joined(feats)
    assert [(utterance.key, utterance.num_frames) for utterance in found] == list(LENGTHS.items())
    np.testing.assert_array_equal(found[2].features["x"], matrix(4))


@pytest.mark.parametrize("order", ["abc", "cab", "cba"])
def test_tables_are_joined_by_key_whatever_their_order(order: str, feats: InputTable, tmp_path: Path) -> None:
    other = write(tmp_path / "other.ark", {key: matrix(LENGTHS[key], 5, ord(key)) for key in order})
    for utterance in joined(feats, InputTable("y", other)):
        np.testing.assert_array_equal(utterance.features["y"], matrix(utterance.num_frames, 5, ord(utterance.key)))


def test_gaps_are_listed_with_tables_and_names(feats: InputTable, tmp_path: Path) -> None:
    other = write(tmp_path / "other.ark", {key: matrix(3) for key in ("z", "a", "y")})
    vectors = write(tmp_path / "vectors.ark", {key: matrix(1)[0] for key in ("a", "b")})
    tables = [feats, InputTable("y", other), InputTable("v", vectors)]
    gaps = JoinGaps()
    given: list[Utterance] = []
    with pytest.raises(MissingUtteranceError) as caught:
        given.extend(read_utterances(tables, JoinOptions(), gaps))
    assert str(caught.value) == (
        f"{other}: 2 missing utterances: 'b', 'c'; {vectors}: 1 missing utterance: 'c'; "
        f"{other}: 2 extra utterances: 'z', 'y'; give allow_missing to score what all tables have, "
        "or utt2spk for vectors per speaker"
    )
    assert gaps == JoinGaps({other: ["b", "c"], vectors: ["c"]}, {other: ["z", "y"]})
    assert [utterance.key for utterance in joined(*tables, allow_missing=True)] == ["a"]


def test_long_lists_of_gaps_are_cut(feats: InputTable, tmp_path: Path) -> None:
    other = write(tmp_path / "other.ark", {key: matrix(LENGTHS.get(key, 1)) for key in "abcdefghij"})
    with pytest.raises(MissingUtteranceError, match=r"7 extra utterances: 'd', 'e', 'f', 'g', 'h', …;"):
        joined(feats, InputTable("y", other))


def test_an_empty_first_table(feats: InputTable, tmp_path: Path) -> None:
    empty = InputTable("y", write(tmp_path / "empty.ark", {}))
    assert joined(empty) == []
    with pytest.raises(MissingUtteranceError, match="3 extra utterances: 'a', 'b', 'c'"):
        joined(empty, feats)
    assert joined(empty, feats, allow_missing=True) == []


def test_utterances_without_frames_are_kept(tmp_path: Path) -> None:
    empty = np.zeros((0, 0), np.float32)
    first = write(tmp_path / "first.ark", {"a": empty, "b": matrix(2)})
    second = write(tmp_path / "second.ark", {"a": empty, "b": matrix(2)})
    online = write(tmp_path / "online.ark", {"a": empty, "b": matrix(1)})
    found = joined(InputTable("x", first), InputTable("y", second), InputTable("v", online, period=10))
    assert [utterance.num_frames for utterance in found] == [0, 2]
    assert found[0].features["v"].shape == (0, 0)


def test_lengths_that_differ(feats: InputTable, tmp_path: Path) -> None:
    other = write(tmp_path / "other.ark", {key: matrix(3) for key in LENGTHS})
    with pytest.raises(ShapeMismatchError) as caught:
        joined(feats, InputTable("y", other))
    assert str(caught.value) == f"{other}: utterance 'b': 3 frames, but the first input has 1"
    rows = write(tmp_path / "rows.ark", {key: matrix(2) for key in LENGTHS})
    with pytest.raises(ShapeMismatchError, match=r"2 frames, but .* has 3; for rows of several frames say how many"):
        joined(feats, InputTable("y", rows))
    skipped: list[str] = []
    found = joined(feats, InputTable("y", other), on_skip=lambda key, error: skipped.append(key))
    assert ([utterance.key for utterance in found], skipped) == (["a"], ["b", "c"])


def test_vectors_hold_for_the_utterance(feats: InputTable, tmp_path: Path) -> None:
    vectors = write(tmp_path / "vectors.ark", {key: matrix(1, 5, ord(key))[0] for key in LENGTHS})
    for utterance in joined(feats, InputTable("v", vectors)):
        np.testing.assert_array_equal(utterance.features["v"], matrix(1, 5, ord(utterance.key))[0])


@pytest.mark.parametrize("packed", [False, True])
def test_speakers(packed: bool, feats: InputTable, tmp_path: Path) -> None:
    table = write(tmp_path / "vectors.ark", {name: matrix(1, 5, ord(name))[0] for name in "rst"})
    if packed:  # cannot be gone back in
        (tmp_path / "vectors.ark.gz").write_bytes(gzip.compress((tmp_path / "vectors.ark").read_bytes()))
        table = f"ark:gunzip -c {tmp_path}/vectors.ark.gz |"
    utt2spk = tmp_path / "utt2spk"
    utt2spk.write_text("a s\nb r\nc s\n")
    found = joined(feats, InputTable("v", table, str(utt2spk)), allow_commands=True)
    for utterance, speaker in zip(found, "srs", strict=True):
        np.testing.assert_array_equal(utterance.features["v"], matrix(1, 5, ord(speaker))[0])


def test_a_speaker_that_is_missing(feats: InputTable, tmp_path: Path) -> None:
    table = write(tmp_path / "vectors.ark", {"r": matrix(1)[0]})
    utt2spk = tmp_path / "utt2spk"
    utt2spk.write_text("a r\nb s\n")  # no speaker for c, no vector for s
    with pytest.raises(MissingUtteranceError, match="2 missing utterances: 'b', 'c'"):
        joined(feats, InputTable("v", table, str(utt2spk)))


@pytest.mark.parametrize(("num_frames", "rows", "used"), [(7, 3, "0001112"), (7, 4, "0001112"), (7, 2, "0001111")])
def test_row_t_over_period_belongs_to_frame_t(num_frames: int, rows: int, used: str) -> None:
    value = matrix(rows)
    frames = spread(value, num_frames, InputTable("v", "ark:v", period=3), "a")
    np.testing.assert_array_equal(frames, value[[int(row) for row in used]])
    assert frames.flags.c_contiguous


@pytest.mark.parametrize(("num_frames", "enough"), [(60, True), (61, False)])
def test_the_last_row_is_repeated_for_fifty_frames_at_most(num_frames: int, enough: bool) -> None:
    """nnet3 looks up row t // period and takes the last for it when it lies up to 50 frames further."""
    table, value = InputTable("v", "ark:v", period=10), matrix(1)
    if enough:
        assert spread(value, num_frames, table, "a").shape == (num_frames, 2)
    else:
        with pytest.raises(ShapeMismatchError, match="ark:v: utterance 'a': 1 rows of 10 frames are too few for 61"):
            spread(value, num_frames, table, "a")


def test_an_online_matrix_without_rows() -> None:
    with pytest.raises(ShapeMismatchError, match="0 rows of 10 frames are too few for 5 frames"):
        spread(matrix(0), 5, InputTable("v", "ark:v", period=10), "a")


@pytest.mark.parametrize("kind", ["utterance", "speaker", "online"])
def test_the_shipped_ivectors(kind: str) -> None:
    """What each frame is given is what make_two_inputs.py computed its references with."""
    table = InputTable(
        "ivector",
        f"ark:{DATA}/ivectors_{kind}.ark",
        str(DATA / "utt2spk") if kind == "speaker" else "",
        10 if kind == "online" else 0,
    )
    ivectors = dict(kaldiio.load_ark(str(DATA / f"ivectors_{kind}.ark")))
    found = joined(InputTable("features", f"ark:{DATA}/features.ark"), table)
    assert [utterance.key for utterance in found] == ["spk1-utt1", "spk1-utt2", "spk2-utt1", "spk2-utt2"]
    for utterance in found:
        vector = ivectors[utterance.key[:4] if kind == "speaker" else utterance.key]
        expected = vector if kind != "online" else vector.repeat(10, axis=0)[: utterance.num_frames]
        np.testing.assert_array_equal(utterance.features["ivector"], expected)


def test_vectors_cannot_give_the_frames(feats: InputTable, tmp_path: Path) -> None:
    vectors = InputTable("v", write(tmp_path / "vectors.ark", {key: matrix(1)[0] for key in LENGTHS}))
    with pytest.raises(ShapeMismatchError, match="expected a matrix of frames, found a vector; name the table that"):
        joined(vectors, feats)
    with pytest.raises(UsageError, match="expected one table of frame-level features"):
        joined(InputTable("v", vectors.specifier, period=10))
    assert len(joined(InputTable("v", vectors.specifier, period=10), feats)) == 3  # frames come from the other


def test_by_position_keys_do_not_matter(feats: InputTable, tmp_path: Path) -> None:
    other = write(tmp_path / "other.ark", {f"o{key}": matrix(LENGTHS[key], 5, ord(key)) for key in LENGTHS})
    found = joined(feats, InputTable("y", other), pair="position")
    assert [utterance.key for utterance in found] == list("abc")
    for utterance in found:
        np.testing.assert_array_equal(utterance.features["y"], matrix(utterance.num_frames, 5, ord(utterance.key)))


def test_by_position_both_ends_must_meet(feats: InputTable, tmp_path: Path) -> None:
    short = InputTable("y", write(tmp_path / "short.ark", {"p": matrix(3)}))
    with pytest.raises(MissingUtteranceError, match=r"short.ark: 2 missing utterances: 'b', 'c';"):
        joined(feats, short, pair="position")
    with pytest.raises(MissingUtteranceError, match=r"feats.ark: 2 extra utterances: 'b', 'c';"):
        joined(short, feats, pair="position")
    for tables in ([feats, short], [short, feats]):
        assert len(joined(*tables, pair="position", allow_missing=True)) == 1
    with pytest.raises(UsageError, match="a table of speakers can only be joined by key"):
        joined(feats, InputTable("v", short.specifier, "utt2spk"), pair="position")


def damaged_script(tmp_path: Path, feats: InputTable) -> str:
    """A script whose utterance ``b`` points nowhere."""
    archive = feats.specifier.removeprefix("ark:")
    kaldiio.save_ark(archive, {key: matrix(LENGTHS[key]) for key in LENGTHS}, scp=str(tmp_path / "feats.scp"))
    lines = (tmp_path / "feats.scp").read_text().splitlines()
    lines[1] = f"b {tmp_path}/nowhere.ark:5"
    (tmp_path / "feats.scp").write_text("\n".join(lines) + "\n")
    return f"{tmp_path}/feats.scp"


def test_utterances_skipped_in_the_first_table_are_not_extra_in_the_others(
    feats: InputTable, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    script = damaged_script(tmp_path, feats)
    skipped: list[tuple[str, OvAsrScoreError]] = []
    found = joined(InputTable("y", f"scp:{script}"), feats, on_skip=lambda key, error: skipped.append((key, error)))
    assert [utterance.key for utterance in found] == ["a", "c"]
    assert [key for key, _ in skipped] == ["b"]
    assert "nowhere.ark" in str(skipped[0][1])
    assert [utterance.key for utterance in joined(InputTable("y", f"scp,p:{script}"), feats)] == ["a", "c"]
    assert "nowhere.ark" in caplog.text
    with pytest.raises(OvAsrScoreError, match=r"nowhere.ark"):
        joined(InputTable("y", f"scp:{script}"), feats)


def test_damage_in_another_table(feats: InputTable, tmp_path: Path) -> None:
    script = damaged_script(tmp_path, feats)
    skipped: list[str] = []
    found = joined(feats, InputTable("y", f"scp:{script}"), on_skip=lambda key, error: skipped.append(key))
    assert ([utterance.key for utterance in found], skipped) == (["a", "c"], ["b"])
    with pytest.raises(MissingUtteranceError, match="1 missing utterance: 'b'"):
        joined(feats, InputTable("y", f"scp,p:{script}"))
    assert len(joined(feats, InputTable("y", f"scp,p:{script}"), allow_missing=True)) == 2


def test_a_table_that_is_cut_off_after_what_is_needed(feats: InputTable, tmp_path: Path) -> None:
    path = tmp_path / "other.ark"
    write(path, {key: matrix(LENGTHS.get(key, 2)) for key in "abcd"})
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(TableFormatError, match=r"other.ark: utterance 'd'"):
        joined(feats, InputTable("y", f"ark:{path}"))


def test_one_utterance_at_a_time(tmp_path: Path) -> None:
    specifier = write(tmp_path / "feats.ark", {key: matrix(LENGTHS[key]) for key in LENGTHS})
    (tmp_path / "feats.ark").write_bytes((tmp_path / "feats.ark").read_bytes()[:-3])
    source = read_utterances([InputTable("x", specifier)])
    assert [next(source).key, next(source).key] == ["a", "b"]
    with pytest.raises(TableFormatError, match="utterance 'c'"):
        next(source)


@pytest.mark.parametrize("form", ["ark:x.txt", "scp:x.scp"])
def test_one_frame_of_features_may_stand_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    # copy-feats and nnet3-compute read matrices there, and so `[ 1 2 3 ]` as one row
    monkeypatch.chdir(tmp_path)
    Path("x.txt").write_text("utt1 [ 1 2 3 ]\nutt2  [\n  1 2 3\n  4 5 6 ]\n")
    Path("x.scp").write_text("utt1 x.txt:5\nutt2 x.txt:20\n")
    utterances = list(read_utterances([InputTable("x", form)]))
    assert [utterance.features["x"].shape for utterance in utterances] == [(1, 3), (2, 3)]
