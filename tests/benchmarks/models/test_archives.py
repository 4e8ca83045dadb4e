"""Archives that benchmarks score."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from benchmarks.models.archives import LONGEST, MEAN, SHORTEST, speech_lengths, stream_features, write_features
from benchmarks.models.archives import write_vectors as write_ivectors
from ov_asr_score.kaldi_io import read_table


def test_speech_lengths() -> None:
    lengths = speech_lengths(3_000_000)
    assert sum(lengths) == 3_000_000
    assert min(lengths[:-1]) >= SHORTEST
    assert max(lengths) <= LONGEST
    assert np.mean(lengths) == pytest.approx(MEAN, rel=0.05)
    assert np.std(lengths) > 400


def test_speech_lengths_depend_on_seed_only() -> None:
    assert speech_lengths(50_000) == speech_lengths(50_000)
    assert speech_lengths(50_000) != speech_lengths(50_000, seed=1)


def test_last_utterance_completes_the_sum() -> None:
    assert speech_lengths(5) == [5]
    assert speech_lengths(0) == []


def test_features_are_a_kaldi_archive(tmp_path: Path) -> None:
    path = write_features(tmp_path / "new" / "features.ark", 7, [3, 5, 2])
    table = dict(read_table(f"ark:{path}"))
    assert list(table) == ["utt0000000", "utt0000001", "utt0000002"]
    assert [values.shape for values in table.values()] == [(3, 7), (5, 7), (2, 7)]
    assert all(values.dtype == np.float32 for values in table.values())
    assert np.abs(table["utt0000000"][:2] - table["utt0000001"][:2]).max() > 0.1
    assert [entry.name for entry in path.parent.iterdir()] == ["features.ark"]


def test_existing_features_are_kept(tmp_path: Path) -> None:
    path = write_features(tmp_path / "features.ark", 7, [3])
    inode = path.stat().st_ino
    assert write_features(path, 7, [3]).stat().st_ino == inode
    write_features(path, 7, [4])
    assert next(iter(read_table(f"ark:{path}")))[1].shape == (4, 7)


def test_ivectors_have_keys_of_features(tmp_path: Path) -> None:
    table = dict(read_table(f"ark:{write_ivectors(tmp_path / 'ivectors.ark', 5, 2)}"))
    assert list(table) == ["utt0000000", "utt0000001"]
    assert [values.shape for values in table.values()] == [(5,), (5,)]


def test_stream_size(tmp_path: Path) -> None:
    file = io.BytesIO()
    frames = stream_features(file, 3, 100_000)
    path = tmp_path / "stream.ark"
    path.write_bytes(file.getvalue())
    assert 100_000 <= path.stat().st_size < 100_000 + 4 * 3 * LONGEST + 100
    assert sum(len(values) for _, values in read_table(f"ark:{path}")) == frames
