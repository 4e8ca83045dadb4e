"""Cases of online i-vectors: the small extractor, its options, features of speech and others, speakers, weights."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.kaldi_io import TableWriter, read_table
from tests.kaldi_judge.features.options import IVECTORS, random_options, spelled
from tests.kaldi_judge.features.running import Case

Floats = NDArray[np.float32]

_FEATURES = Path(__file__).parents[2] / "kaldi_speech" / "ivector" / "feats.ark"
_EXTRACTOR = Path(__file__).parents[3] / "models" / "chain_ivector" / "ivector_extractor"
_CMVN = (
    "",
    "",
    "--norm-vars=true\n",
    "--cmn-window=100\n--global-frames=30\n--speaker-frames=60\n",
    "--norm-means=false\n",
)


@functools.cache
def _speech() -> tuple[Floats, ...]:
    return tuple(np.array(value, np.float32) for _, value in read_table(f"ark:{_FEATURES}"))


def ivector_case(folder: Path, chance: np.random.Generator) -> Case:
    """ivector-extract-online2 with random options, in a file or beside it."""
    table = _features(chance)
    speakers: dict[str, list[str]] = {}
    for number, key in enumerate(table):
        speakers.setdefault(f"s{number // int(chance.choice((1, 2, 3)))}", []).append(key)
    told = [*table]
    if chance.random() < 0.05:
        speakers.setdefault("s9", []).append("missing")
        told.append("missing")
    options = random_options(IVECTORS, chance)
    weights = {key: _weights(chance, len(value)) for key, value in table.items()} if chance.random() < 0.25 else None
    if weights is not None:
        options["frame-weights-rspecifier"] = "ark:weights"
        if chance.random() < 0.1:
            weights.popitem()
    # these are of the program, not of the configuration
    of_program = ("repeat", "length-tolerance", "frame-weights-rspecifier")
    inside = {name: value for name, value in options.items() if name not in of_program and chance.random() < 0.6}
    outside = {name: value for name, value in options.items() if name not in inside}
    cmvn = str(chance.choice(_CMVN))
    splice = "" if chance.random() < 0.9 else "--left-context=2\n"
    for side in ("kaldi", "ours"):
        place = folder / side
        shutil.copytree(_EXTRACTOR, place / "extractor")
        (place / "extractor" / "online_cmvn.conf").write_text(cmvn or "# none\n")
        if splice:
            (place / "extractor" / "splice.conf").write_text(splice)
        files = {
            **{"splice-config": "splice.conf", "cmvn-config": "online_cmvn.conf", "lda-matrix": "final.mat"},
            **{"global-cmvn-stats": "global_cmvn.stats", "diag-ubm": "final.dubm", "ivector-extractor": "final.ie"},
        }
        lines = [f"--{name}=extractor/{file}" for name, file in files.items()]
        lines += [f"--{name}={value}" for name, value in inside.items()]
        (place / "ivector.conf").write_text("\n".join(lines) + "\n")
        with TableWriter(f"ark:{place / 'in.ark'}") as writer:
            for key, value in table.items():
                writer.write(key, value)
        (place / "spk2utt").write_text("".join(f"{name} {' '.join(keys)}\n" for name, keys in speakers.items()))
        if weights is not None:
            with TableWriter(f"ark:{place / 'weights'}") as writer:
                for key, value in weights.items():
                    writer.write(key, value)
    words = spelled(outside, chance)
    theirs = ["ivector-extract-online2", "--config=ivector.conf", *words, "ark:spk2utt", "ark:in.ark", "ark:out.ark"]
    ours = ["ivectors", "--config=ivector.conf", "--spk2utt=ark:spk2utt", *words, "ark:in.ark", "ark:out.ark"]
    shapes = ", ".join(f"{len(each)}x{each.shape[1]}" for each in table.values())
    text = f"{shapes}; in the file {inside}; CMVN {cmvn.split()}; splicing {splice.split()}"
    return Case(
        *("ivectors", folder, [theirs], ours, told, 2e-3, 1e-5, text),
        lambda seed: _unsettle(folder / "ours", table, seed),
        rare=(0.02, 4e-2),
        other_kernels=True,
    )


def _unsettle(folder: Path, table: Mapping[str, Floats], seed: int) -> None:
    """Change the last bits of the features."""
    chance = np.random.default_rng(seed)
    with TableWriter(f"ark:{folder / 'in.ark'}") as writer:
        for key, rows in table.items():
            writer.write(key, (rows * (1 + 1e-7 * chance.standard_normal(rows.shape))).astype(np.float32))


def _features(chance: np.random.Generator) -> dict[str, Floats]:
    how = str(chance.choice(("speech",) * 6 + ("noise", "zeros", "large")))
    table = {}
    for number in range(int(chance.integers(1, 6))):
        rows = _speech()[int(chance.integers(len(_speech())))]
        length = min(len(rows), int(chance.choice((1, 2, 9, 10, 11, 50, 1000))))
        start = int(chance.integers(len(rows) - length + 1))
        value = rows[start : start + length].copy()
        if how == "noise":
            value = chance.standard_normal(value.shape).astype(np.float32) * 20
        elif how in ("zeros", "large"):
            value *= np.float32(0 if how == "zeros" else 1e3)
        if chance.random() < 0.02:
            value[0, 0] = np.nan
        if chance.random() < 0.02:
            value = value[:, :-1]
        if chance.random() < 0.02:
            value = np.zeros((0, 0), np.float32)
        table[f"u{number}"] = np.ascontiguousarray(value)
    return table


def _weights(chance: np.random.Generator, length: int) -> Floats:
    """Weights of the frames: fractions, zeros, negative and large ones; seldom too many or too few."""
    how = str(chance.choice(("fractions", "silence", "ones", "zeros", "negative", "large")))
    values = {
        "fractions": chance.random(length),
        "silence": chance.choice((1.0, 1e-3), length),
        "ones": np.ones(length),
        "zeros": np.zeros(length),
        "negative": -chance.random(length),
        "large": chance.random(length) * 50,
    }[how]
    size = max(0, length + int(chance.choice((0, 0, 0, 0, 1, -1, 7))))
    return np.resize(values, size).astype(np.float32) if length else np.zeros(size, np.float32)
