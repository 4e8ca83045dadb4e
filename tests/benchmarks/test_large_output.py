"""Large outputs, direct and through the page cache."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.contestants.processes import environment
from benchmarks.large_output import CACHED_ONLY, contestants_of
from benchmarks.models.archives import write_features


def test_direct_and_cached_output_are_written(tmp_path: Path) -> None:
    table, target = write_features(tmp_path / "table.ark", 3, [5, 7]), tmp_path / "copy.ark"
    arguments = ["copy-table", f"ark:{table}", f"ark:{target}"]
    for contestant in contestants_of("copy", arguments, target, 12, tmp_path):
        frames, seconds = contestant.run()
        assert frames == 12
        assert seconds > 0
        assert not target.exists()
    done = subprocess.run([sys.executable, "-c", CACHED_ONLY, *arguments], env=environment(tmp_path), check=False)
    assert done.returncode == 0
    assert target.read_bytes() == table.read_bytes()
