from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.decoding.token_passing import code_folder, compiled
from tests.places import ROOT

PROGRAM = """
import sys
import tempfile
from ov_asr_score.decoding.token_passing import path_records
from ov_asr_score.decoding.token_passing.search_arrays import RECORD
import numpy
path_records.path_to(numpy.array([(-1, 0, 0, 0)], RECORD), 0)
print(sum(path_records.path_to.stats.cache_hits.values()))
"""


def run(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: text for name, text in os.environ.items() if name not in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")}
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**kept, "PYTHONPATH": str(ROOT), **environment},
    )


def test_compiled_code_is_kept_in_the_cache_of_the_user(tmp_path: Path) -> None:
    found = [run(PROGRAM, OV_ASR_SCORE_CACHE=str(tmp_path)) for _ in range(2)]
    assert [each.stdout for each in found] == ["0\n", "1\n"], found[0].stderr
    (folder,) = tmp_path.iterdir()
    assert folder.name.startswith("compiled-")


def test_a_folder_named_for_numba_is_used(tmp_path: Path) -> None:
    outcome = run(PROGRAM, NUMBA_CACHE_DIR=str(tmp_path))
    assert outcome.stdout == "0\n", outcome.stderr
    (folder,) = tmp_path.iterdir()
    assert folder.name == f"compiled-{code_folder.sources_digest(Path(code_folder.__file__).parent)}"
    assert list(folder.rglob("*.nbi"))


def test_a_folder_named_for_numba_that_cannot_be_written_to_is_not_used(tmp_path: Path) -> None:
    # numba would go on to folders beside the package
    blocked = tmp_path / "file"
    blocked.touch()
    program = f"{PROGRAM}print(path_records.path_to.stats.cache_path)"
    (tmp_path / "temporary").mkdir()
    outcome = run(program, NUMBA_CACHE_DIR=str(blocked), TMPDIR=str(tmp_path / "temporary"))
    assert outcome.stdout.splitlines()[1].startswith(f"{tmp_path}/temporary/ov-asr-score-"), outcome.stderr


def test_without_any_folder_functions_are_compiled_each_time(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    outcome = run(PROGRAM, OV_ASR_SCORE_CACHE=str(blocked), TMPDIR=str(blocked))
    assert outcome.returncode == 0, outcome.stderr


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="users with numbers")
def test_a_cache_that_can_only_be_read_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "cache"
    assert run(PROGRAM, OV_ASR_SCORE_CACHE=str(cache)).stdout == "0\n"
    (index,) = cache.rglob("*.nbi")
    other = index.with_name("other.nbi")
    other.write_text("x")
    place = tmp_path / f"ov-asr-score-{os.getuid()}" / other.relative_to(cache)
    place.parent.mkdir(mode=0o700, parents=True)
    place.write_text("newer")
    monkeypatch.setenv("OV_ASR_SCORE_CACHE", str(cache))
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    writable = code_folder.is_writable
    monkeypatch.setattr(code_folder, "is_writable", lambda folder: cache not in folder.parents and writable(folder))
    folder = code_folder.compiled_folder()
    assert folder is not None
    assert tmp_path / "cache" not in folder.parents
    assert place.read_text() == "newer"
    assert run(PROGRAM, NUMBA_CACHE_DIR=str(folder.parent)).stdout == "1\n"


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="users with numbers")
@pytest.mark.parametrize("what", ["open to others", "link"])
def test_compiled_code_that_others_could_have_written_is_not_run(tmp_path: Path, what: str) -> None:
    """The name of the temporary folder can be guessed, and who makes it first may put code there."""
    blocked = tmp_path / "file"
    blocked.touch()
    guessed = tmp_path / f"ov-asr-score-{os.getuid()}"
    (tmp_path / "other").mkdir()
    if what == "link":
        guessed.symlink_to(tmp_path / "other")
    else:
        guessed.mkdir()
        guessed.chmod(0o777)
    outcome = run(PROGRAM, OV_ASR_SCORE_CACHE=str(blocked), TMPDIR=str(tmp_path))
    assert outcome.stdout == "0\n", outcome.stderr
    assert not list(tmp_path.rglob("*.nbi"))


def test_without_numba_the_extra_is_named() -> None:
    program = "import sys; sys.modules['numba'] = None; import ov_asr_score.decoding.token_passing.compiled"
    outcome = run(program)
    assert "MissingExtraError: the search is compiled by numba, which cannot be imported" in outcome.stderr
    assert 'pip install "ov-asr-score[decode]"' in outcome.stderr


def test_the_room_is_imported_without_numba() -> None:
    outcome = run("import sys, ov_asr_score.decoding.token_passing.utterance_search; print('numba' in sys.modules)")
    assert outcome.stdout == "False\n", outcome.stderr


class Bundle(NamedTuple):
    values: NDArray[np.float64]
    more: NDArray[np.float64]


def total_by(decorator: Callable[[Callable[..., float]], Any]) -> Any:
    """A compiled function that hands arrays around, as those of the search do."""

    @decorator
    def total(bundle: Bundle) -> float:
        found = 0.0
        current, other = bundle.values, bundle.more
        for place in range(len(bundle.values)):
            if bundle.values[place] > 1:
                current, other = other, current
            found += current[place]
        return found

    assert total(Bundle(np.arange(3.0), np.array([7.0, 8.0, 9.0]))) == 10.0
    return total


def counts(function: Any) -> int:
    """How often references are counted in a compiled function."""
    return sum(text.count("call void @NRT_incref") for text in function.inspect_llvm().values())


def test_references_are_not_counted_where_it_takes_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_FOLDER", None)  # code that comes from a folder cannot be looked at
    assert counts(total_by(compiled.allocating)) > 0
    assert counts(total_by(compiled.kernel)) == 0


def test_a_numba_that_always_counts_references_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_FOLDER", None)
    monkeypatch.setattr(compiled, "_NOT_COUNTING", {})
    assert counts(total_by(compiled.kernel)) > 0


def test_functions_of_the_search_have_one_form_each() -> None:
    # Each form takes seconds to compile. Arguments of other types than before, such as np.int32 for np.int64, make one.
    program = """
from tests.decoding.token_passing.small_pairs import pair_graph, searched
from tests.decoding.kaldi_live_searches import scores, whole_graph
from ov_asr_score.decoding.token_passing import composed_nodes, frame_steps, look_costs, path_records, token_table
values = next(iter(scores().values()))
for graph in pair_graph(), pair_graph("Gr_ngram.fst"), whole_graph():
    searched(graph, values).finish("a")
for module in composed_nodes, frame_steps, look_costs, path_records, token_table:
    for name, each in vars(module).items():
        if len(getattr(each, "signatures", ())) > 1:
            print(name, len(each.signatures))
"""
    outcome = run(program)
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout == ""


def test_all_that_a_search_needs_is_prepared() -> None:
    program = """
from dataclasses import replace
from tests.decoding.token_passing.small_pairs import CHAIN, pair_graph
from ov_asr_score.decoding.token_passing import frame_steps, lattice_pruning, path_records
from ov_asr_score.decoding.token_passing.utterance_search import prepare_search
prepare_search(pair_graph(), replace(CHAIN, decoding_seconds=1e-9), True)
functions = frame_steps.advance_search, lattice_pruning.prune_frames, path_records.path_to, path_records.end_costs
print(*(len(each.signatures) for each in functions))
"""
    outcome = run(program)
    assert outcome.stdout == "1 1 1 1\n", outcome.stderr


def test_a_run_without_workers_prepares_before_the_first_utterance() -> None:
    program = """
from tests.decoding.kaldi_live_searches import scores, transitions
from tests.decoding.finishing import keep
from tests.decoding.token_passing.small_pairs import CHAIN, pair_graph
from ov_asr_score.decoding.token_passing import frame_steps, lattice_pruning
from ov_asr_score.decoding.workers import decode_all
def utterances():
    print(*(len(each.signatures) for each in (frame_steps.advance_search, lattice_pruning.prune_frames)))
    yield from ()
options = dict(acoustic_scale=1.0, finish=keep, wants_lattices=True, workers=1)
print(list(decode_all(pair_graph(), transitions(), CHAIN, utterances(), **options)))
"""
    outcome = run(program)
    assert outcome.stdout == "1 1\n[]\n", outcome.stderr
