"""The benchmark of decoding."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.decoding import (
    GRAPH,
    KALDI_LATTICES,
    KALDI_PATH,
    MODEL,
    Subject,
    kaldi_command,
    main,
    repeated,
    targets_at,
)
from tests.decoding.kaldi_decodings import graph, scores, whole_graph


def test_contestants(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--turns", "1", "--seconds", "0", "--beams", "6"]) == 0
    printed = capsys.readouterr().out
    assert "best path, beam 6" in printed and "lattices, beam 6" in printed and "latgen" not in printed


def test_utterances_are_repeated() -> None:
    once = [("a", scores()["es_Annie-t0024"])]
    frames = len(once[0][1])
    assert [key for key, _ in repeated(once, 0.03, 3.2 * frames * 0.03)] == ["a-0", "a-1", "a-2"]
    assert [key for key, _ in repeated(once, 0.03, 0)] == ["a-0"]


def test_commands_of_kaldi() -> None:
    subject = Subject(graph(), whole_graph(), [], 1.0, (MODEL, GRAPH), Path("a.ark"), 0.5)
    files = [str(MODEL), str(GRAPH), "ark:a.ark", "ark:/dev/null"]
    options = ["--beam=13", "--max-active=7000", "--acoustic-scale=0.5"]
    assert kaldi_command(Path("bin"), KALDI_PATH, subject, 13.0) == ["bin/decode-faster-mapped", *options, *files]
    assert kaldi_command(Path("bin"), KALDI_LATTICES, subject, 13.0) == [
        *("bin/latgen-faster-mapped", *options, "--lattice-beam=6", *files)
    ]


def test_targets() -> None:
    assert [target.least for target in targets_at(13.0)] == [1.0, 1.0]
    assert [target.least for target in targets_at(15.0)] == [None, None]
