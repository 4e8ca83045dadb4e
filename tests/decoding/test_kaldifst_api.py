from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ov_asr_score.decoding.kaldifst_api import (
    import_kaldi_decoder,
    import_kaldifst,
    nameable_file,
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
