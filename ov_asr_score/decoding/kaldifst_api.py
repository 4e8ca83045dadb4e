"""The packages kaldi_decoder and kaldifst, imported when they are needed and not before.

Each carries an OpenFst of its own, as do vosk and kaldi_hmm_gmm: after kaldifst, the import of one of those never
returns. So nothing imports these packages that does not decode. Automata go in and out by the name of a file only.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from ov_asr_score.errors import MissingExtraError


def import_kaldi_decoder() -> Any:
    """The module ``kaldi_decoder``. Raises MissingExtraError if it, or kaldifst, cannot be imported."""
    try:
        import kaldi_decoder
        import kaldifst  # noqa: F401  # the types that kaldi_decoder takes and returns
    except ImportError as error:
        raise MissingExtraError(
            f'the decoder cannot be imported ({error}); pip install "ov-asr-score[decode]"'
        ) from error
    return kaldi_decoder


def import_kaldifst() -> Any:
    """The module ``kaldifst``. Raises MissingExtraError."""
    import_kaldi_decoder()
    import kaldifst

    return kaldifst


@contextmanager
def nameable_file() -> Iterator[tuple[BinaryIO, str]]:
    """A file in memory, or where there is none a temporary one, and a name under which it can be opened again."""
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("automaton"), "w+b") as file:
            yield file, f"/proc/self/fd/{file.fileno()}"
    else:
        with tempfile.NamedTemporaryFile() as file:
            yield file, file.name  # type: ignore[misc]


def automaton_bytes(automaton: Any) -> bytes:
    """What OpenFst writes for an automaton of kaldifst. Raises MemoryError where there is no space for it."""
    with nameable_file() as (file, name):
        if not automaton.write(name):
            raise MemoryError("OpenFst cannot write an automaton")
        file.seek(0)
        return file.read()
