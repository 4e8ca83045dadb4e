from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.audio.lists.data_directory import DataDirectory, load_data_directory
from ov_asr_score.errors import FileAccessError


def test_files_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "wav.scp").write_text("a a.wav\n")
    folder = str(tmp_path)
    assert load_data_directory(folder) == DataDirectory(folder, wav_scp=f"{folder}/wav.scp")
    for name in ("segments", "utt2spk", "spk2utt", "reco2file_and_channel", "utt2warp", "feats.scp"):
        (tmp_path / name).touch()
    assert load_data_directory(folder) == DataDirectory(
        folder,
        wav_scp=f"{folder}/wav.scp",
        segments=f"{folder}/segments",
        utt2spk=f"{folder}/utt2spk",
        spk2utt=f"{folder}/spk2utt",
        sides=f"{folder}/reco2file_and_channel",
        warps=f"{folder}/utt2warp",
        feats_scp=f"{folder}/feats.scp",
    )
    (tmp_path / "spk2warp").touch()
    assert load_data_directory(folder).warps == f"{folder}/spk2warp"


def test_directories_without_sound(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match=r"expected a data directory with wav.scp, found none; .* use wav:"):
        load_data_directory(str(tmp_path))
    (tmp_path / "feats.scp").touch()
    with pytest.raises(
        FileAccessError, match=r"found feats.scp, features that were computed before; use scp:.*feats.scp$"
    ):
        load_data_directory(str(tmp_path))
    with pytest.raises(FileAccessError, match="found no folder of this name"):
        load_data_directory(str(tmp_path / "none"))
