"""Every file of a model directory missing, cut and exchanged: read, or refused in one line that names it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.model_directory.reading import read_model_directory, survey_model_directory
from tests.model_directory.layouts.places import CHAIN, lay_out_online, lay_out_vosk_2

FILES = sorted(path.relative_to(CHAIN).as_posix() for path in CHAIN.rglob("*") if path.is_file())
WITHOUT = {  # what may be missing: nothing needs it, or something else says it
    "graph/phones.txt",
    "graph/phones/silence.csl",
    "graph/phones/word_boundary.int",
    "frame_subsampling_factor",
    "conf/online.conf",  # without it, it is an experiment directory
}
OTHERS = {  # a file of another model in the place of each
    ".mdl": "../nnet3_chain_tdnnf/final.mdl",
    ".fst": "ivector_extractor/final.ie",
    ".ie": "ivector_extractor/final.dubm",
    ".dubm": "ivector_extractor/final.mat",
    ".mat": "ivector_extractor/global_cmvn.stats",
    ".stats": "ivector_extractor/final.mat",
    ".conf": "graph/words.txt",
    ".txt": "conf/mfcc.conf",
    ".int": "graph/words.txt",
    ".csl": "graph/words.txt",
    "": "graph/words.txt",
}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths in the shipped files lead to them from the root of the repository only."""
    monkeypatch.chdir(tmp_path)


def refusal(folder: Path) -> str:
    """What is said of a folder that cannot be used, in one line; an empty text if it can."""
    try:
        read_model_directory(folder)
    except OvAsrScoreError as error:
        message = str(error)
        assert "\n" not in message
        assert len(message) < 900
        assert survey_model_directory(folder).problem is not None
        return message
    return ""


@pytest.mark.parametrize("name", FILES)
def test_missing(tmp_path: Path, name: str) -> None:
    folder = lay_out_online(tmp_path / "model")
    (folder / name).unlink()
    message = refusal(folder)
    assert (message == "") == (name in WITHOUT)
    assert not message or Path(name).name in message


@pytest.mark.parametrize("part", [0, 0.3, 0.9])
@pytest.mark.parametrize("name", FILES)
def test_cut(tmp_path: Path, name: str, part: float) -> None:
    folder = lay_out_online(tmp_path / "model")
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: int(part * len(content))])
    message = refusal(folder)
    # the components of a network are read where it is scored
    binary = Path(name).suffix in (".fst", ".ie", ".dubm", ".mat", ".stats") or (name == "final.mdl" and not part)
    assert (Path(name).name in message) or not binary


@pytest.mark.parametrize("name", FILES)
def test_exchanged(tmp_path: Path, name: str) -> None:
    folder = lay_out_online(tmp_path / "model")
    shutil.copyfile(CHAIN / OTHERS[Path(name).suffix], folder / name)
    message = refusal(folder)
    assert Path(name).name in message or name in ("graph/phones.txt", "graph/phones/silence.csl")


@pytest.mark.parametrize("name", ["am/final.mdl", "conf/model.conf", "ivector/final.ie", "graph/HCLG.fst"])
def test_a_folder_in_place_of_a_file(tmp_path: Path, name: str) -> None:
    folder = lay_out_vosk_2(tmp_path / "model")
    (folder / name).unlink()
    (folder / name).mkdir()
    assert refusal(folder) or name == "ivector/final.ie"


def test_bytes_in_names_and_texts(tmp_path: Path) -> None:
    folder = lay_out_online(tmp_path / "mod\nel")
    (folder / "conf/online.conf").write_bytes(b"--mfcc-config=\xff\xfe\x00/x.conf\n")
    assert "online.conf: line 1" in refusal(folder)
    (folder / "model.toml").write_bytes(b"language = 'a\\\n'")
    assert "model.toml: expected a TOML file" in refusal(folder)
