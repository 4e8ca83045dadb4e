"""Which files an extractor consists of: configuration files with foreign paths, directories, single paths."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ov_asr_score.errors import FileAccessError, OvAsrScoreError, UsageError
from ov_asr_score.ivector.extractor_files import find_extractor
from ov_asr_score.settings.speech.ivectors import IvectorOptions, IvectorTableSettings
from tests.ivector.references import EXTRACTOR, ROOT

CONFIG = (EXTRACTOR / "ivector_extractor.conf").read_text()
FOREIGN = CONFIG.replace("models/chain_ivector/ivector_extractor/", "/export/a09/somebody/exp/extractor/")
BIG = ("final.ie", "final.dubm", "final.mat", "global_cmvn.stats")


def laid_out(folder: Path, *, config: str | None = FOREIGN, without: tuple[str, ...] = ()) -> Path:
    folder.mkdir(parents=True)
    for path in EXTRACTOR.iterdir():
        if path.name not in (*without, "ivector_extractor.conf"):
            shutil.copy(path, folder)
    if config is not None:
        (folder / "ivector_extractor.conf").write_text(config)
    return folder


def test_paths_from_the_working_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    files = find_extractor(IvectorOptions("models/chain_ivector/ivector_extractor/ivector_extractor.conf"))
    assert files.ivector_extractor == "models/chain_ivector/ivector_extractor/final.ie"
    assert (files.splice, files.options.max_count, files.notes) == ((3, 3), 100, ())
    assert find_extractor(IvectorOptions("models/chain_ivector/ivector_extractor")) == files


def test_foreign_paths_are_found_beside_the_file(tmp_path: Path) -> None:
    folder = laid_out(tmp_path / "ivector_extractor")
    files = find_extractor(IvectorOptions(str(folder)))
    assert files.ivector_extractor == str(folder / "final.ie")
    assert len(files.notes) == 6
    assert files.notes[0] == (
        f"/export/a09/somebody/exp/extractor/final.ie does not exist; {folder / 'final.ie'} is used in its place"
    )


@pytest.mark.parametrize("layout", ["conf", "beside"])
def test_foreign_paths_in_other_layouts(layout: str, tmp_path: Path) -> None:
    """``conf/ivector_extractor.conf`` with the big files in ``ivector_extractor/``, as online models are laid out."""
    folder = laid_out(tmp_path / "model" / "ivector_extractor", config=None)
    conf = tmp_path / "model" / "conf" if layout == "conf" else tmp_path / "model"
    conf.mkdir(exist_ok=True)
    (conf / "ivector_extractor.conf").write_text(FOREIGN)
    for name in ("splice.conf", "online_cmvn.conf"):
        (folder / name).rename(conf / name)
    files = find_extractor(IvectorOptions(str(conf / "ivector_extractor.conf")))
    assert Path(files.diag_ubm) == folder / "final.dubm" and files.splice == (3, 3)
    if layout == "conf":
        assert find_extractor(IvectorOptions(str(tmp_path / "model"))) == files


def test_a_file_found_twice(tmp_path: Path) -> None:
    folder = laid_out(tmp_path / "a" / "ivector_extractor")
    shutil.copy(folder / "final.ie", tmp_path / "a" / "final.ie")
    assert find_extractor(IvectorOptions(str(folder))).ivector_extractor == str(folder / "final.ie"), "the same content"
    (tmp_path / "a" / "final.ie").write_bytes(b"another")
    with pytest.raises(FileAccessError, match=r"final\.ie: no such file, but .* and .*final\.ie, which differ"):
        find_extractor(IvectorOptions(str(folder)))
    files = find_extractor(IvectorOptions(str(folder), ivector_extractor="x.ie"))
    assert files.ivector_extractor == "x.ie"


def test_a_file_that_is_nowhere(tmp_path: Path) -> None:
    folder = laid_out(tmp_path / "a", without=("final.ie",))
    with pytest.raises(FileAccessError) as caught:
        find_extractor(IvectorOptions(str(folder)))
    for place in (folder, folder / "ivector_extractor", folder / "conf", tmp_path):
        assert f"{place}," in str(caught.value) or f"{place};" in str(caught.value)
    assert str(caught.value).startswith(
        f"{folder / 'ivector_extractor.conf'}: /export/a09/somebody/exp/extractor/final"
    )


def test_a_directory_without_configuration(tmp_path: Path) -> None:
    folder = laid_out(tmp_path / "extractor", config=None, without=("splice.conf",))
    (folder / "splice_opts").write_text("--left-context=2 --right-context=3\n")
    (folder / "online_cmvn_iextractor").touch()
    files = find_extractor(IvectorOptions(str(folder), ivector_period=5))
    assert files.splice == (2, 3)
    assert files.options.online_cmvn_iextractor and files.options.max_count == 0
    assert files.notes == (
        "online_cmvn_iextractor is set, because the folder has a file of that name",
        "the folder has no ivector_extractor.conf; Kaldi's defaults are taken: num-gselect 5, min-post 0.025, "
        "posterior-scale 0.1, max-count 0",
    )
    off = find_extractor(IvectorOptions(str(folder), online_cmvn_iextractor=False))
    assert not off.options.online_cmvn_iextractor


def test_defaults_of_small_files_are_told(tmp_path: Path) -> None:
    folder = laid_out(tmp_path / "extractor", config=None, without=("splice.conf", "online_cmvn.conf"))
    files = find_extractor(IvectorOptions(str(folder)))
    assert files.splice == (4, 4)
    assert files.notes[-2:] == (
        "no splice_opts or splice.conf; Kaldi's default is taken: 4 frames on each side",
        "no online_cmvn.conf; Kaldi's defaults are taken: 600 frames of context",
    )


def test_an_incomplete_directory(tmp_path: Path) -> None:
    folder = laid_out(tmp_path / "extractor", config=None, without=("final.mat", "final.ie"))
    message = r"expected ivector_extractor\.conf, or final\.ie, final\.mat in the folder; found final\.dubm, global"
    with pytest.raises(FileAccessError, match=message):
        find_extractor(IvectorOptions(str(folder)))
    files = find_extractor(IvectorOptions(str(folder), ivector_extractor="e", lda_matrix=str(EXTRACTOR / "final.mat")))
    assert (files.ivector_extractor, files.diag_ubm) == ("e", str(folder / "final.dubm"))


def test_paths_alone() -> None:
    paths = {name: str(EXTRACTOR / name) for name in BIG}
    files = find_extractor(
        IvectorOptions(
            ivector_extractor=paths["final.ie"],
            diag_ubm=paths["final.dubm"],
            lda_matrix=paths["final.mat"],
            global_cmvn_stats=paths["global_cmvn.stats"],
            splice_config=str(EXTRACTOR / "splice.conf"),
        ),
        IvectorTableSettings(repeat=True),
    )
    assert files.options.repeat and files.splice == (3, 3)
    with pytest.raises(UsageError, match=r"^expected diag_ubm, lda_matrix, global_cmvn_stats, found none") as caught:
        find_extractor(IvectorOptions(ivector_extractor=paths["final.ie"]))
    assert caught.value.fields == ("diag_ubm", "lda_matrix", "global_cmvn_stats")


def test_missing_and_foreign_configurations(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="no such file"):
        find_extractor(IvectorOptions(str(tmp_path / "none.conf")))
    (tmp_path / "a.conf").write_text("--num-gselect=5\n")
    with pytest.raises(UsageError, match=r"a\.conf: expected ivector_extractor, diag_ubm, lda_matrix, global"):
        find_extractor(IvectorOptions(str(tmp_path / "a.conf")))
    with pytest.raises(OvAsrScoreError, match=r"final\.ie: "):
        find_extractor(IvectorOptions(str(EXTRACTOR / "final.ie")))
