"""Conversions that are kept: found again, never wrongly, whatever happens to the folder."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score.errors import ModelFormatError, UsageError
from ov_asr_score.openvino_api import ov
from ov_asr_score.ov_model import conversion_cache, model_file
from ov_asr_score.ov_model.cache_folder import LIMIT_VARIABLE, cache_contents, trim_cache
from ov_asr_score.ov_model.conversion_cache import conversion_key, is_worth_keeping, keep_model, load_kept_model
from ov_asr_score.ov_model.ir_file import read_openvino_model
from ov_asr_score.ov_model.model_file import ModelFromFile, read_or_convert_model
from ov_asr_score.settings.kaldi import KaldiOptions
from tests.kaldi_texts import PDFS, WIDTH, acoustic_nnet3, spliced_nnet3, spliced_scores, write_model

ROOT = Path(__file__).parents[2]
FEATURES = np.random.default_rng(3).standard_normal((9, WIDTH)).astype(np.float32)
NO_CHUNKS = KaldiOptions()


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Kaldi model whose conversion is kept, although it takes no time."""
    monkeypatch.setattr(model_file, "is_worth_keeping", lambda path, seconds: True)
    return Path(write_model(tmp_path / "final.mdl", acoustic_nnet3(spliced_nnet3())))


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "converted"


def opened(model: Path, cache: Path, **options: Any) -> ModelFromFile:
    return read_or_convert_model(model, options=KaldiOptions(**options), cache=str(cache))


def scores_of(found: ModelFromFile) -> Any:
    compiled = ov.Core().compile_model(found.model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return compiled([FEATURES[None]])[compiled.output(0)][0]


def test_a_conversion_is_found_again(model: Path, cache: Path) -> None:
    first, second = opened(model, cache), opened(model, cache)
    assert (first.from_cache, second.from_cache) == (False, True)
    assert first.conversion == second.conversion
    assert first.conversion is not None
    assert first.conversion.version
    np.testing.assert_allclose(scores_of(second), spliced_scores(FEATURES), rtol=0, atol=1e-5)
    np.testing.assert_array_equal(scores_of(first), scores_of(second))
    contents = cache_contents(cache)
    assert contents.models == 1
    assert contents.size == sum(path.stat().st_size for path in cache.rglob("*") if path.is_file())
    assert [path.name for path in cache.iterdir()] == [conversion_key(model, NO_CHUNKS)]


def test_nothing_is_kept_without_a_folder(model: Path, cache: Path) -> None:
    assert not read_or_convert_model(model).from_cache
    assert not cache.exists()


def test_a_changed_file_is_converted_anew(model: Path, cache: Path) -> None:
    opened(model, cache)
    times = model.stat()
    text = model.read_text()
    place = text.index("<BiasParams> [ ") + len("<BiasParams> [ ")
    model.write_text(f"{text[:place]}{'9' if text[place] != '9' else '8'}{text[place + 1 :]}")
    os.utime(model, ns=(times.st_atime_ns, times.st_mtime_ns))  # neither size nor time tells that it changed
    changed = opened(model, cache)
    assert not changed.from_cache
    assert np.abs(scores_of(changed)[:, 0] - spliced_scores(FEATURES)[:, 0]).min() > 1
    assert cache_contents(cache).models == 2


@pytest.mark.parametrize(
    "options", [{"frames_per_chunk": 5}, {"output_name": "output-half"}, {"use_priors": True}, {"acoustic_scale": 0.1}]
)
def test_other_options_are_other_models(model: Path, cache: Path, options: dict[str, Any]) -> None:
    opened(model, cache)
    assert not opened(model, cache, **options).from_cache
    assert opened(model, cache, **options).from_cache
    assert opened(model, cache).from_cache


def test_files_beside_the_model_count(model: Path, cache: Path) -> None:
    opened(model, cache)
    factor, counts = model.with_name("frame_subsampling_factor"), model.with_name("counts")
    factor.write_text("3\n")
    found = opened(model, cache)
    assert not found.from_cache
    assert found.conversion is not None
    assert found.conversion.frame_subsampling_factor == 3
    counts.write_text("[ 1 2 3 ]")
    assert not opened(model, cache, class_frame_counts=str(counts)).from_cache
    counts.write_text("[ 3 2 1 ]")
    assert not opened(model, cache, class_frame_counts=str(counts)).from_cache
    assert opened(model, cache, class_frame_counts=str(counts)).from_cache
    factor.write_text("three")
    with pytest.raises(ModelFormatError, match="expected a number from 1 to 1000, found 'three'"):
        opened(model, cache)


@pytest.mark.parametrize("name", ["version", "_converter_digest"])
def test_other_versions_are_not_trusted(name: str, model: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(model, cache)
    monkeypatch.setattr(conversion_cache, name, lambda: "another")
    assert not opened(model, cache).from_cache


def test_all_sources_of_the_converter_count(monkeypatch: pytest.MonkeyPatch) -> None:
    read: set[str] = set()
    read_bytes = Path.read_bytes

    def watched(path: Path) -> bytes:
        read.add(path.relative_to(ROOT / "ov_asr_score").as_posix())
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", watched)
    conversion_cache._converter_digest.__wrapped__()
    assert {"convert/from_file.py", "kaldi_io/specifier.py", "kaldi_io/matrices/matrix.py"} <= read
    assert {name for name in read if name.startswith("kaldi_model/components/")}


def damage_weights(entry: Path) -> None:
    content = bytearray((entry / "model.bin").read_bytes())
    content[len(content) // 2] ^= 1
    (entry / "model.bin").write_bytes(content)


def cut_off(entry: Path) -> None:
    content = (entry / "model.bin").read_bytes()
    (entry / "model.bin").write_bytes(content[:-8])


def without_weights(entry: Path) -> None:
    (entry / "model.bin").unlink()


def without_checksums(entry: Path) -> None:
    (entry / "checksums.json").unlink()


def other_text(entry: Path) -> None:
    (entry / "model.xml").write_text("<net/>")


def odd_checksums(entry: Path) -> None:
    (entry / "checksums.json").write_text("[")


@pytest.mark.parametrize(
    "damage", [damage_weights, cut_off, without_weights, without_checksums, other_text, odd_checksums]
)
def test_a_damaged_entry_is_made_anew(damage: Any, model: Path, cache: Path) -> None:
    opened(model, cache)
    damage(next(cache.iterdir()))
    mended = opened(model, cache)
    assert not mended.from_cache
    assert mended.notes == ()
    again = opened(model, cache)
    assert again.from_cache
    np.testing.assert_allclose(scores_of(again), spliced_scores(FEATURES), rtol=0, atol=1e-5)
    assert cache_contents(cache).models == len(list(cache.iterdir())) == 1


def test_an_entry_that_is_there_already_stays(model: Path, cache: Path) -> None:
    found = opened(model, cache)
    (entry,) = cache.iterdir()
    before = (entry / "model.xml").stat().st_ino
    assert keep_model(found.model, str(cache), entry.name) == ""
    assert (entry / "model.xml").stat().st_ino == before
    assert len(list(cache.iterdir())) == 1


def test_a_folder_that_cannot_be_written_is_a_note(model: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    found = opened(model, file / "cache")
    assert not found.from_cache
    assert len(found.notes) == 1
    assert "could not be kept in" in found.notes[0]
    assert "a run without the cache does not try" in found.notes[0]
    np.testing.assert_allclose(scores_of(found), spliced_scores(FEATURES), rtol=0, atol=1e-5)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_folder_is_a_note(model: Path, cache: Path) -> None:
    cache.mkdir(parents=True, mode=0o555)
    assert "could not be kept" in opened(model, cache).notes[0]


def test_runs_at_the_same_time_do_not_disturb_each_other(model: Path, cache: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from ov_asr_score.ov_model import model_file\n"
        "model_file.is_worth_keeping = lambda path, seconds: True\n"
        "for _ in range(15):\n"
        "    found = model_file.read_or_convert_model(Path(sys.argv[1]), cache=sys.argv[2])\n"
        "    assert found.notes == (), found.notes\n"
        "    assert found.model.get_parameters()\n"
        "    if sys.argv[3] == 'damage':\n"
        "        for path in Path(sys.argv[2]).glob('*/model.bin'):\n"
        "            path.unlink(missing_ok=True)\n"  # cut off in place, it would break those who have it mapped
    )
    command = [sys.executable, "-c", program, str(model), str(cache)]
    for kinds in (["keep"] * 3, ["keep", "damage", "damage"]):
        runs = [subprocess.Popen([*command, kind], cwd=ROOT, stderr=subprocess.PIPE, text=True) for kind in kinds]
        for run in runs:
            _, errors = run.communicate(timeout=120)
            assert run.returncode == 0, errors
    opened(model, cache)
    assert opened(model, cache).from_cache
    assert [path.name for path in cache.iterdir()] == [conversion_key(model, NO_CHUNKS)]


def test_what_is_worth_keeping(tmp_path: Path) -> None:
    file = tmp_path / "final.mdl"
    file.write_bytes(bytes(1000))
    assert not is_worth_keeping(file, 0.05)
    assert is_worth_keeping(file, 0.15)
    with file.open("wb") as sparse:
        sparse.truncate(100_000_000)
    assert not is_worth_keeping(file, 0.15)
    assert is_worth_keeping(file, 2.0)


def test_options_of_an_ir_must_be_those_that_it_was_made_with(model: Path, tmp_path: Path) -> None:
    kaldi = KaldiOptions(frames_per_chunk=5)
    ov.save_model(read_or_convert_model(model, options=kaldi).model, tmp_path / "model.xml", compress_to_fp16=False)
    found = read_or_convert_model(tmp_path / "model.xml")
    assert found.conversion is not None
    assert found.conversion.frames_per_chunk == 5
    assert read_or_convert_model(tmp_path / "model.xml", options=kaldi).conversion == found.conversion
    with pytest.raises(UsageError, match=r"--use-priors=true: .* was converted with --frames-per-chunk=5; convert"):
        read_or_convert_model(tmp_path / "model.xml", options=KaldiOptions(use_priors=True))


def test_options_are_for_kaldi_models(tiny_model: str) -> None:
    with pytest.raises(UsageError, match=r"--frames-per-chunk=5: applies to Kaldi models only, and .* is not one"):
        read_or_convert_model(Path(tiny_model), options=KaldiOptions(frames_per_chunk=5))
    assert read_or_convert_model(Path(tiny_model)).conversion is None


def test_scores_have_as_many_columns_as_pdfs(model: Path) -> None:
    assert scores_of(read_or_convert_model(model)).shape == (len(FEATURES), PDFS)


def test_a_model_that_is_used_is_not_the_next_to_go(model: Path, cache: Path) -> None:
    for frames in (1, 2, 3):
        opened(model, cache, frames_per_chunk=frames)
    for age, frames in ((30, 1), (20, 2), (10, 3)):
        entry = cache / conversion_key(model, KaldiOptions(frames_per_chunk=frames))
        os.utime(entry / "checksums.json", (time.time() - age,) * 2)
    assert opened(model, cache, frames_per_chunk=1).from_cache
    trim_cache(cache, cache_contents(cache).size - 1)
    assert not (cache / conversion_key(model, KaldiOptions(frames_per_chunk=2))).exists()
    assert cache_contents(cache).models == 2


def test_a_new_model_takes_the_place_of_the_least_recently_used(
    model: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(model, cache)
    monkeypatch.setenv(LIMIT_VARIABLE, str(cache_contents(cache).size + 1000))
    assert opened(model, cache, frames_per_chunk=5).notes == ()
    assert [path.name for path in cache.iterdir()] == [conversion_key(model, KaldiOptions(frames_per_chunk=5))]


def test_a_model_above_the_limit_is_not_kept(model: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(model, cache)
    monkeypatch.setenv(LIMIT_VARIABLE, "100")
    found = opened(model, cache, frames_per_chunk=5)
    assert len(found.notes) == 1
    assert "is larger than the limit of the cache (100 bytes) and was not kept" in found.notes[0]
    assert [path.name for path in cache.iterdir()] == [conversion_key(model, NO_CHUNKS)]


def test_with_a_limit_of_0_no_model_is_added(model: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LIMIT_VARIABLE, "0")
    assert opened(model, cache).notes == ()
    assert not cache.exists()
    monkeypatch.delenv(LIMIT_VARIABLE)
    opened(model, cache)
    monkeypatch.setenv(LIMIT_VARIABLE, "0")
    assert opened(model, cache).from_cache
    assert opened(model, cache, frames_per_chunk=5).notes == ()
    assert cache_contents(cache).models == 1


def test_a_limit_that_is_no_size_is_a_note(model: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LIMIT_VARIABLE, "plenty")
    assert "OV_ASR_SCORE_CACHE_LIMIT='plenty': expected a size" in opened(model, cache).notes[0]


def test_a_model_that_is_removed_while_it_is_in_use_still_scores(model: Path, cache: Path) -> None:
    opened(model, cache)
    found = opened(model, cache)
    assert found.from_cache
    assert trim_cache(cache, 0).models == 1
    np.testing.assert_allclose(scores_of(found), spliced_scores(FEATURES), rtol=0, atol=1e-5)


def test_a_model_that_is_removed_before_it_is_read_is_converted(
    model: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(model, cache)

    def read_too_late(path: Path, core: ov.Core | None) -> ov.Model:
        trim_cache(cache, 0)
        return read_openvino_model(path, core)

    monkeypatch.setattr(conversion_cache, "read_openvino_model", read_too_late)
    assert load_kept_model(str(cache), conversion_key(model, NO_CHUNKS)) is None
    assert not opened(model, cache).from_cache


def test_runs_at_the_same_time_share_a_cache_with_room_for_one(model: Path, cache: Path) -> None:
    opened(model, cache)
    limit = str(cache_contents(cache).size + 1000)
    program = (
        "import sys; from pathlib import Path; from ov_asr_score.ov_model import model_file\n"
        "from ov_asr_score import KaldiOptions\n"
        "model_file.is_worth_keeping = lambda path, seconds: True\n"
        "for turn in range(20):\n"
        "    options = KaldiOptions(frames_per_chunk=(turn + int(sys.argv[3])) % 3)\n"
        "    found = model_file.read_or_convert_model(Path(sys.argv[1]), options=options, cache=sys.argv[2])\n"
        "    assert found.notes == (), found.notes\n"
        "    assert found.model.get_parameters()\n"
    )
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(model), str(cache), str(number)],
            cwd=ROOT,
            env=os.environ | {LIMIT_VARIABLE: limit},
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    for run in runs:
        _, errors = run.communicate(timeout=120)
        assert run.returncode == 0, errors
    # the last one to add a model trims after it; two at once may have removed both of theirs
    assert cache_contents(cache).models == len(list(cache.iterdir())) <= 1
    opened(model, cache)
    assert opened(model, cache).from_cache
