"""Resident memory of decoding does not grow with the number of utterances, and with their length as scores do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.kaldi_io import TableWriter, read_table
from tests.command_line import DATA, MODELS
from tests.soak.test_flat_sound import MIB, peak_kib

SPEECH = DATA / "speech"
MINUTE = 2000  # rows of scores
GRAPH = MODELS / "chain_ivector" / "graph" / "HCLG.fst"
DECODE = ("decode", "-m", MODELS / "chain_ivector" / "final.mdl", "--graph", GRAPH)
FILES = ("--text=x.txt", "--alignment=ark:x.ali", "--ctm=x.ctm")
LATTICES = ("--lattice=ark:x.lat", "--nbest=5", "--nbest-text=x.nbest", "--confidence=mbr")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak of a process alone"),
]


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with scores of a minute and an hour as one utterance, and of 60 and 3,000 utterances."""
    folder = tmp_path_factory.mktemp("scores")
    utterances = [np.array(rows) for _, rows in read_table(f"ark:{SPEECH / 'kaldi_scores.ark'}")]
    rows = np.concatenate(utterances)
    for name, minutes in (("minute", 1), ("hour", 60)):
        with TableWriter(f"ark:{folder / name}.ark") as writer:
            writer.write(name, np.resize(rows, (minutes * MINUTE, rows.shape[1])))
    for count in (60, 3000):
        with TableWriter(f"ark:{folder / str(count)}.ark") as writer:
            for number in range(count):
                writer.write(f"u{number}", utterances[number % len(utterances)])
    return folder


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("more", [(), LATTICES], ids=["best paths", "lattices"])
def test_peaks_do_not_grow_with_utterances(more: tuple[str, ...], workers: int, scores: Path) -> None:
    few, many = (
        peak_kib(scores, *DECODE, *FILES, *more, f"--decode-workers={workers}", f"ark:{count}.ark") // MIB
        for count in (60, 3000)
    )
    print(f"{workers} workers, {'lattices' if more else 'best paths'}: 60 utterances {few}, 3,000 {many} MiB")
    assert many - few < 20


@pytest.mark.parametrize("workers", [1, 2])
def test_an_hour_as_one_utterance_takes_a_few_times_its_scores(workers: int, scores: Path) -> None:
    minute, hour = (
        peak_kib(scores, *DECODE, *FILES, f"--decode-workers={workers}", f"ark:{name}.ark") // MIB
        for name in ("minute", "hour")
    )
    size = 60 * MINUTE * 56 * 4 >> 20
    print(f"{workers} workers: a minute {minute}, an hour {hour}, its scores {size} MiB")
    assert hour - minute < 3 * size + 20


def test_an_hour_of_lattices_stays_in_the_workers(scores: Path) -> None:
    more = ("--lattice=ark:x.lat", "--lattice-beam=4", "--decode-workers=2")
    minute, hour = (peak_kib(scores, *DECODE, *FILES, *more, f"ark:{name}.ark") // MIB for name in ("minute", "hour"))
    print(f"lattices: a minute {minute}, an hour {hour} MiB")
    assert hour - minute < 80
