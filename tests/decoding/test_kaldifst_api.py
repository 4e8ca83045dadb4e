from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from ov_asr_score.decoding.kaldifst_api import (
    _of_thread,
    automaton_bytes,
    import_kaldi_decoder,
    import_kaldifst,
    nameable_file,
    path_bytes,
)
from ov_asr_score.errors import MissingExtraError


@pytest.mark.parametrize("package", ["kaldi_decoder", "kaldifst"])
def test_a_package_that_is_missing(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    for function in (import_kaldi_decoder, import_kaldifst):
        with pytest.raises(MissingExtraError, match=r'the decoder .*; pip install "ov-asr-score\[decode\]"'):
            function()


def test_scoring_never_imports_openfst() -> None:
    program = (
        "import pkgutil, sys, ov_asr_score\n"
        "from ov_asr_score.cli.app import main\n"
        "for found in pkgutil.walk_packages(ov_asr_score.__path__, 'ov_asr_score.'):\n"
        "    if not found.name.endswith('__main__'): __import__(found.name)\n"
        "print([name for name in ('kaldifst', 'kaldi_decoder', 'kaldilm') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_file_with_a_name() -> None:
    with nameable_file() as (file, name):
        file.write(b"12")
        file.flush()
        assert Path(name).read_bytes() == b"12"


def test_a_file_with_a_name_where_there_is_none_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("os.memfd_create", raising=False)
    test_a_file_with_a_name()


def chain(length: int) -> Any:
    kaldifst = import_kaldifst()
    made = kaldifst.StdVectorFst()
    for state in range(length + 1):
        made.add_state()
        if state:
            made.add_arc(state - 1, kaldifst.StdArc(state, state, 0.5, state))
    made.start = 0
    made.set_final(length, 0.0)
    return made


def test_bytes_of_paths_are_those_of_automata() -> None:
    """Whatever the file of the thread held before, and of a size at which it is let go."""
    for length in (5, 2, 60_000, 3, 0):
        automaton = chain(length)
        assert path_bytes(automaton) == automaton_bytes(automaton)


def test_each_thread_has_a_file_of_its_own_and_closes_it() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(path_bytes(chain(3)))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [automaton_bytes(chain(3))] * 8
    del threads
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


def test_a_child_of_the_process_writes_to_a_file_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = path_bytes(chain(3))
    of_parent = _of_thread.file
    monkeypatch.setattr("os.getpid", lambda: -1)
    assert path_bytes(chain(3)) == expected
    assert of_parent is not None and _of_thread.file is not of_parent
