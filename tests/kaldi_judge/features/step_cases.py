"""Cases that begin with stored features: what follows them, one step or several in the order of Kaldi's recipes."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.kaldi_io import TableWriter, read_table
from ov_asr_score.kaldi_io.matrices.matrix import encode_array
from tests.kaldi_judge.features.options import random_options
from tests.kaldi_judge.features.running import Case

Floats = NDArray[np.float32]
Table = dict[str, Floats]

_BASE = Path(__file__).parents[2] / "kaldi_speech" / "features" / "post" / "base.ark"
_FLAG = ("true", "false")
_NORM = {"norm-vars": _FLAG, "norm-means": ("true", "true", "false"), "skip-dims": ("0", "0:3", "12", "1:1", "99", "a")}
_SLIDING = {
    "norm-vars": _FLAG,
    "center": _FLAG,
    "cmn-window": (600, 50, 10, 300, 1, 0),
    "min-cmn-window": (100, 20, 5, 1, 1000, 0),
}
_ONLINE = {**_NORM, "cmn-window": (600, 60, 10, 1, 0), "speaker-frames": (600, 40, 0), "global-frames": (200, 20, 0)}


class _Chain:
    """Kaldi's commands one after the other, from ``in.ark`` on, and our options for the same."""

    def __init__(self) -> None:
        self.kaldi: list[list[str]] = []
        self.ours: list[str] = []
        self._at = "in.ark"

    def add(self, program: str, *words: str, ours: list[str]) -> None:
        """A step; ``IN`` and ``OUT`` in its words are tables."""
        out = f"{len(self.kaldi)}.ark"
        places = {"IN": f"ark:{self._at}", "OUT": f"ark:{out}"}
        self.kaldi.append([program, *(places.get(word, word) for word in words)])
        self.ours += ours
        self._at = out

    def before(self, program: str, *words: str) -> None:
        """What is computed from the features beside them."""
        places = {"IN": f"ark:{self._at}"}
        self.kaldi.append([program, *(places.get(word, word) for word in words)])


def step_case(folder: Path, chance: np.random.Generator) -> Case:
    """One to all steps on random features."""
    features, scale = _features(chance)
    keys = list(features)
    width = next(iter(features.values())).shape[1] or 13
    speakers = {key: f"s{number // 2}" for number, key in enumerate(keys)}
    told = list(speakers.items())[1 if chance.random() < 0.05 else 0 :]
    for side in ("kaldi", "ours"):
        _write(folder / side / "in.ark", features)
        (folder / side / "utt2spk").write_text("".join(f"{key} {speaker}\n" for key, speaker in told))
        by_speaker = {speaker: [key for key, of in told if of == speaker] for _, speaker in told}
        lines = "".join(f"{speaker} {' '.join(of)}\n" for speaker, of in by_speaker.items())
        (folder / side / "spk2utt").write_text(lines)
    chain = _Chain()
    if chance.random() < 0.1:
        width += _add_pasting(chain, folder, chance, features)
    elif chance.random() < 0.15:
        _add_like_dir(chain, folder, chance, width)
        return _case(folder, chain, features, scale)
    steps = ["select", "cmvn", "deltas", "splice", "transform", "subsample"]
    chosen = {str(step) for step in chance.choice(steps, int(chance.choice((1, 1, 1, 2, 3))), replace=False)}
    if "select" in chosen:
        columns = str(chance.choice(("0", "0-3", "1,0,1", f"0-{width - 1}", f"{width}", "3-1", "2,", "0,5-7")))
        chain.add("select-feats", columns, "IN", "OUT", ours=["--select-columns", columns])
    if "cmvn" in chosen:
        _add_cmvn(chain, folder, chance, width)
    if "deltas" in chosen:
        options = random_options({"delta-order": (2, 1, 3, 0, -1), "delta-window": (2, 1, 3, 0)}, chance)
        words = [f"--{name}={value}" for name, value in options.items()]
        ours = words if "delta-order" in options else [*words, "--delta-order=2"]
        chain.add("add-deltas", *words, "IN", "OUT", ours=ours)
    if "splice" in chosen:
        left, right = chance.choice((4, 1, 0, 9), 2)
        words = [f"--left-context={left}", f"--right-context={right}"]
        chain.add("splice-feats", *words, "IN", "OUT", ours=[f"--splice={left},{right}"])
    if "transform" in chosen:
        by = str(chance.choice(("speaker", "utterance")))
        for number in range(int(chance.choice((1, 1, 2)))):
            _add_transform(chain, folder, chance, width, number, speakers, by)
    if "subsample" in chosen:
        n, offset = str(chance.choice(("3", "2", "1", "-2", "10", "0"))), str(chance.choice(("0", "0", "1", "50")))
        words = [f"--n={n}", f"--offset={offset}"]
        chain.add(
            "subsample-feats", *words, "IN", "OUT", ours=[f"--subsample={n}" + (f",{offset}" if offset != "0" else "")]
        )
    return _case(folder, chain, features, scale)


def _case(folder: Path, chain: _Chain, features: Table, scale: float) -> Case:
    last = chain.kaldi[-1]
    chain.kaldi[-1] = [*last[:-1], "ark:out.ark"]
    shapes = ", ".join(f"{len(each)}x{each.shape[1]}" for each in features.values())
    ours = ["features", "ark:in.ark", "ark:out.ark", *chain.ours]
    return Case("steps", folder, chain.kaldi, ours, list(features), 1e-4 * scale, 1e-4, shapes)


def _add_pasting(chain: _Chain, folder: Path, chance: np.random.Generator, features: Table) -> int:
    """Columns of another table, of which an utterance may be missing, or have a frame more or less; their number."""
    width = int(chance.choice((1, 3)))
    table = {}
    for key, rows in features.items():
        length = max(0, len(rows) + int(chance.choice((0, 0, 0, 0, 1, -1, 3))))
        table[key] = chance.standard_normal((length, width if length else 0)).astype(np.float32)
    if len(table) > 1 and chance.random() < 0.1:
        table.popitem()
    for side in ("kaldi", "ours"):
        _write(folder / side / "more.ark", table)
    tolerance = str(chance.choice(("0", "1", "2", "9")))
    words = [f"--length-tolerance={tolerance}", "IN", "ark:more.ark", "OUT"]
    chain.add("paste-feats", *words, ours=["--paste=ark:more.ark", f"--paste-tolerance={tolerance}"])
    return width


def _add_like_dir(chain: _Chain, folder: Path, chance: np.random.Generator, width: int) -> None:
    """What steps/decode.sh does by the options in an experiment directory: CMVN, then deltas, or splicing and LDA."""
    norm = [f"--{name}={value}" for name, value in random_options(_NORM, chance, odd=0.01).items()]
    chain.before("compute-cmvn-stats", "--spk2utt=ark:spk2utt", "IN", "ark:stats.ark")
    ours = ["--like-dir=exp", "--feature-utt2spk=utt2spk"]
    chain.add("apply-cmvn", *norm, "--utt2spk=ark:utt2spk", "ark:stats.ark", "IN", "OUT", ours=ours)
    files = {"cmvn_opts": norm}
    matrix: Floats | None = None
    if chance.random() < 0.5:
        known = {"delta-order": (2, 1, 3), "delta-window": (2, 1, 3), "truncate": (0, 1, 13, 99)}
        # a file without any says nothing here
        deltas = {"delta-order": "2", **random_options(known, chance)}
        files["delta_opts"] = [f"--{name}={value}" for name, value in deltas.items()]
        chain.add("add-deltas", *files["delta_opts"], "IN", "OUT", ours=[])
    else:
        contexts = random_options({"left-context": (4, 3, 0), "right-context": (4, 3, 0)}, chance)
        files["splice_opts"] = [f"--{name}={value}" for name, value in contexts.items()]
        chain.add("splice-feats", *files["splice_opts"], "IN", "OUT", ours=[])
        values = [contexts.get(name, "4") for name in ("left-context", "right-context")]
        frames = 1 + sum(int(value) if value.isdigit() else 0 for value in values)
        matrix = (0.1 * chance.standard_normal((5, width * frames + int(chance.random() < 0.3)))).astype(np.float32)
        chain.add("transform-feats", "exp/final.mat", "IN", "OUT", ours=[])
    for side in ("kaldi", "ours"):
        (folder / side / "exp").mkdir()
        for name, words in files.items():
            (folder / side / "exp" / name).write_text(" ".join(words) + "\n")
        if matrix is not None:
            (folder / side / "exp" / "final.mat").write_bytes(b"".join(encode_array(matrix)))


@functools.cache
def _base() -> Table:
    return {key: np.array(value, np.float32) for key, value in read_table(f"ark:{_BASE}")}


def _features(chance: np.random.Generator) -> tuple[Table, float]:
    """One to six utterances of a width, or now and then of another, and a scale of their numbers."""
    width = int(chance.choice((13, 13, 1, 2, 40)))
    how = str(chance.choice(("speech", "speech", "noise", "constant", "large")))
    table: Table = {}
    for number in range(int(chance.integers(1, 7))):
        length = int(chance.choice((1, 2, 3, 5, 10, 57, 120, 300, 700)))
        if how == "speech":
            rows = np.concatenate(list(_base().values()))[:, np.arange(width) % 13]
            start = int(chance.integers(len(rows) - 1))
            value = np.resize(rows[start : start + length], (length, width))
        else:
            value = chance.standard_normal((length, width)).astype(np.float32)
            value *= {"constant": 0, "large": 1e5}.get(how, 1)
            value += 3 if how == "constant" else 0
        if chance.random() < 0.02:
            value[int(chance.integers(length)), 0] = chance.choice((np.nan, np.inf))
        if chance.random() < 0.02:
            value = np.zeros((0, 0), np.float32)
        if chance.random() < 0.02:
            value = value[:, : max(1, width - 1)]
        table[f"u{number}"] = np.ascontiguousarray(value, np.float32)
    return table, 10000 if how == "large" else 1


def _write(path: Path, table: Mapping[str, NDArray[np.floating]]) -> None:
    with TableWriter(f"ark:{path}") as writer:
        for key, value in table.items():
            writer.write(key, value)


def _add_cmvn(chain: _Chain, folder: Path, chance: np.random.Generator, width: int) -> None:
    kind = str(chance.choice(("utterance", "speaker", "global", "sliding", "online")))
    known = {"sliding": _SLIDING, "online": _ONLINE}.get(kind, _NORM)
    options = random_options(known, chance)
    words = [f"--{name}={value}" for name, value in options.items()]
    ours = [f"--cmvn={kind}", *words]
    by_speaker = ["--utt2spk=ark:utt2spk"]
    if kind == "sliding":
        chain.add("apply-cmvn-sliding", *words, "IN", "OUT", ours=ours)
    elif kind == "online":
        _write_statistics(folder, width + int(chance.random() < 0.05))
        with_speakers = chance.random() < 0.6
        more, mine = (["--spk2utt=ark:spk2utt"], ["--feature-utt2spk=utt2spk"]) if with_speakers else ([], [])
        chain.add(
            "apply-cmvn-online",
            *words,
            *more,
            "global.mat",
            "IN",
            "OUT",
            ours=[*ours, "--cmvn-stats=global.mat", *mine],
        )
    elif kind == "global":
        _write_statistics(folder, width + int(chance.random() < 0.05))
        chain.add("apply-cmvn", *words, "global.mat", "IN", "OUT", ours=[*ours, "--cmvn-stats=global.mat"])
    elif kind == "speaker":
        chain.before("compute-cmvn-stats", "--spk2utt=ark:spk2utt", "IN", "ark:stats.ark")
        chain.add(
            "apply-cmvn", *words, *by_speaker, "ark:stats.ark", "IN", "OUT", ours=[*ours, "--feature-utt2spk=utt2spk"]
        )
    else:
        chain.before("compute-cmvn-stats", "IN", "ark:stats.ark")
        chain.add("apply-cmvn", *words, "ark:stats.ark", "IN", "OUT", ours=ours)


def _write_statistics(folder: Path, width: int) -> None:
    rows = np.random.default_rng(width).standard_normal((1000, width)) * 3 + 5
    found = np.zeros((2, width + 1))
    found[0, :-1], found[0, -1], found[1, :-1] = rows.sum(axis=0), len(rows), (rows**2).sum(axis=0)
    for side in ("kaldi", "ours"):
        (folder / side / "global.mat").write_bytes(b"".join(encode_array(found)))


def _add_transform(
    chain: _Chain,
    folder: Path,
    chance: np.random.Generator,
    width: int,
    number: int,
    speakers: Mapping[str, str],
    by: str,
) -> None:
    """A linear or affine matrix, or one for every speaker or utterance; a width that does not fit is part of it."""
    shape = _width_before(chain.ours, width) if not number else 5
    columns = shape + int(chance.choice((0, 1, 1, 0, 0, 2, -1)))
    how = str(chance.choice(("file", by, by)))
    matrices = {
        key: (0.1 * chance.standard_normal((5, max(1, columns)))).astype(np.float32)
        for key in dict.fromkeys(speakers.values() if how == "speaker" else speakers)
    }
    if len(matrices) > 1 and chance.random() < 0.1:
        matrices.popitem()
    name = f"transform{number}"
    for side in ("kaldi", "ours"):
        if how == "file":
            (folder / side / name).write_bytes(b"".join(encode_array(next(iter(matrices.values())))))
        else:
            _write(folder / side / name, matrices)
    if how == "file":
        chain.add("transform-feats", name, "IN", "OUT", ours=[f"--transform={name}"])
        return
    more = ["--utt2spk=ark:utt2spk"] if how == "speaker" else []
    ours = [f"--transform=ark:{name}"]
    if how == "speaker" and "--feature-utt2spk=utt2spk" not in chain.ours:
        ours.append("--feature-utt2spk=utt2spk")
    if not any(word.startswith("--transform-by") for word in chain.ours):
        ours.append(f"--transform-by={how}")
    chain.add("transform-feats", *more, f"ark:{name}", "IN", "OUT", ours=ours)


def _width_before(ours: list[str], width: int) -> int:
    """The width that the steps before give, as far as it is plain."""
    factors = dict(_named(ours))
    if "--select-columns" in ours:
        text = ours[ours.index("--select-columns") + 1]
        width = {"0": 1, "0-3": 4, "1,0,1": 3}.get(text, width)
    if "delta-order" in factors and factors["delta-order"].isdigit():
        width *= 1 + int(factors["delta-order"])
    if "splice" in factors:
        width *= 1 + sum(map(int, factors["splice"].split(",")))
    return width


def _named(words: list[str]) -> Iterator[tuple[str, str]]:
    for word in words:
        name, equals, value = word.removeprefix("--").partition("=")
        if equals:
            yield name, value
