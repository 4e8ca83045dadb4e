"""Tables of examples: what is read, and what is refused with its place."""

from __future__ import annotations

import logging
import random
from pathlib import Path

import pytest

from ov_asr_score.egs.example_table import read_examples
from ov_asr_score.errors import OvAsrScoreError, SpecifierError
from tests.egs.chain.examples import DATA as CHAIN_DATA
from tests.egs.make_archives import DATA
from tests.egs.make_kaldi_figures import golden_model

ARCHIVES = [*sorted(path for path in DATA.iterdir() if path.suffix in (".egs", ".txt")), CHAIN_DATA / "real.cegs"]
SCORES = DATA.parents[1] / "golden/nnet3/affine/output.ark"
TEXT = "<NnetIo> input <I1V> 1 <I1> 0 0 0  [\n 1 2 ]\n</NnetIo> "


def message(table: str | Path) -> str:
    with pytest.raises(OvAsrScoreError) as caught:
        list(read_examples(str(table)))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_is_no_example(tmp_path: Path) -> None:
    assert "utterance" not in message(SCORES)
    assert "example 'utt1' at byte 5: expected an example (egs), found a matrix" in message(SCORES)
    egs = tmp_path / "egs"
    for text, expected in (
        ("a <Nnet3DiscriminativeEg> ", "found a discriminative example of nnet3"),
        ("a <DiscriminativeNnetExample> ", "found a discriminative example of nnet2"),
        ("a <Nnet3> ", "found a Kaldi model"),
        ("a ", "found the end of the file"),
        ("a 1 2 3\n", "found '1'"),
    ):
        egs.write_text(text)
        assert expected in message(egs), text
    with pytest.raises(SpecifierError, match="expected an archive or a script of examples, found NPZ"):
        read_examples("npz:x.npz")


def test_files_of_other_kinds(tmp_path: Path) -> None:
    model = golden_model("nnet3", "affine")
    assert message(model) == f"{model}: is a Kaldi model; expected a table of examples (egs)"
    graph = CHAIN_DATA / "den.fst"
    assert message(graph) == f"{graph}: is an FST in OpenFst's format; expected a table of examples (egs)"
    pointer = tmp_path / "valid.egs"
    pointer.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 12\n")
    assert "is a Git LFS pointer" in message(pointer)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<Nnet3Eg> <NumIo> 0 ", "expected 1 to 1000000 behind <NumIo>, found 0"),
        (f"<Nnet3Eg> <NumIo> 1 {TEXT}<NnetIo> ", "expected </Nnet3Eg>, found '<NnetIo>'"),
        ("<Nnet3Eg> <NumIo> 1 <NnetIo> input <I1V> 2 <I1> 0 0 0 <I1> 0 1 0  [\n 1 2 ]\n</NnetIo> ",
         "expected 2 rows in 'input', found 1"),
        ("<NnetExample> <Lab1> [ -1 ]\n", "expected pdfs of 0 or more, found -1"),
        ("<NnetExample> <Lab2> 0 ", "expected labels of one frame at least, found 0"),
        ("<NnetExample> <Lab2> 1 -1 ", "expected a number of labels of 0 or more, found -1"),
        ("<NnetExample> <Lab1> [ 1 ]\n<InputFrames>  [\n 1 2 ]\n<LeftContext> 1 ",
         "expected a left context below 1 frames, found 1"),
        ("<NnetExample> <Lab1> [ 1 ]\n<InputFrames>  [ ]\n<LeftContext> 0 <SpkInfo>  [ ]\n</NnetExample> ",
         "expected frames of input, found none"),
    ],
)  # fmt: skip
def test_damaged_text(text: str, expected: str, tmp_path: Path) -> None:
    egs = tmp_path / "egs"
    egs.write_text(f"eg1 {text}")
    assert expected in message(egs)
    assert f"{egs}: example 'eg1' at byte " in message(egs)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"</Supervision> <DW2> ", b"</Supervision> </NnetChainSup> ", "expected </Nnet3ChainEg>, found"),
        (b"<NumOutputs> \4\1", b"<NumOutputs> \4\0", "expected 1 to 1000000 behind <NumOutputs>, found 0"),
        (b"<DW2> ", b"<DW3> ", "expected <DW> or <DW2> or </NnetChainSup>, found '<DW3>'"),
    ],
)
def test_damaged_chain_example(old: bytes, new: bytes, expected: str, tmp_path: Path) -> None:
    data = (CHAIN_DATA / "real.cegs").read_bytes()
    assert old in data
    egs = tmp_path / "egs"
    egs.write_bytes(data.replace(old, new, 1))
    assert "example '" in message(egs)
    assert expected in message(egs)


@pytest.mark.parametrize("path", ARCHIVES, ids=lambda path: path.name)
def test_damage_is_an_error_of_one_line(path: Path, tmp_path: Path) -> None:
    chance = random.Random(path.name)
    data, egs = path.read_bytes(), tmp_path / "egs"
    refused = 0
    for _ in range(150):
        damaged = bytearray(data)
        place = chance.randrange(len(data))
        match chance.randrange(4):
            case 0:
                damaged[place] = chance.randrange(256)
            case 1:
                del damaged[place : place + chance.choice([1, 4, 50])]
            case 2:
                damaged[place : place + 4] = chance.choice([b"\xff\xff\xff\x7f", b"\0\0\0\x80", bytes(4)])
            case _:
                del damaged[place:]
        egs.write_bytes(damaged)
        try:
            for _example in read_examples(f"ark:{egs}"):
                pass
        except OvAsrScoreError as error:
            refused += 1
            assert "\n" not in str(error)
            assert str(egs) in str(error)
    assert refused > 50


def test_permissive_tables_go_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = (DATA / "ivectors.egs").read_bytes()
    count = len(list(read_examples(f"ark:{DATA}/ivectors.egs")))
    cut = tmp_path / "cut.egs"
    cut.write_bytes(data[:-10])
    with caplog.at_level(logging.WARNING):
        assert len(list(read_examples(f"p,ark:{cut}"))) == count - 1
    assert "skipped, with all that follows" in caplog.text
    key = data[: data.index(b" ")].decode()
    script = tmp_path / "egs.scp"
    script.write_text(f"a {tmp_path}/none.egs\nb {DATA}/ivectors.egs:{len(key) + 1}\n")
    assert [example.key for example in read_examples(f"scp,p:{script}")] == ["b"]
    assert f"{script}: line 1: {tmp_path}/none.egs" in message(f"scp:{script}")
    script.write_text(f"b {DATA}/ivectors.egs:{len(key) + 1}[0:1]\n")
    assert "line 1: examples cannot be cut by a range" in message(f"scp:{script}")
