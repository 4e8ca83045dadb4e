"""Has Kaldi judge changed archives and scripts: what its copy programs read of them, and what we read.

Run as ``python -m tests.kaldi_judge.tables --kaldi FOLDER --tables 2000 --seed 1`` with copy-feats, copy-vector and
copy-int-vector in FOLDER. Tables on which Kaldi and we differ are printed, as Python bytes.
"""

from __future__ import annotations

import argparse
import io
import logging
import os
import re
import resource
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.kaldi_io.matrices.matrix import encode_array
from ov_asr_score.kaldi_io.tables.sequential import read_table

Program = Literal["copy-feats", "copy-vector", "copy-int-vector"]
Table = list[tuple[str, NDArray[Any]]]

MOST_BYTES = 1 << 31
VERDICTS = ("equal", "both refuse", "only Kaldi refuses", "only ours refuses", "Kaldi drops the rest", "different")

_RANDOM = np.random.default_rng(0)
_MATRIX = _RANDOM.normal(size=(3, 2)).astype(np.float32)
_TEXT_FORMS = (
    b"utt1  [\n  1 -2.5 \n  3e-1 4 ]\nutt2  [ 1 2 3 ]\n",
    b"utt1 [ 1 2 ; 3 4 ]\nutt2 []\nutt3 [ ]\n",
    b"utt1\t[ 0.5 nan\r\n inf 1 ]\r\nutt2 [ 7 ]\r\n",
    b"utt1 [ 1 2\n\n3 4\n]\nutt2 [5]\n",
)
_VECTOR_FORMS = (b"utt1  [ 1 -2.5 3 ]\nutt2 []\n", b"utt1\t[ nan inf ]\r\nutt2 [ 5 ] utt3 [ 6 7 ]\n")
_INTEGER_FORMS = (b"utt1 1 2 3\nutt2 \nutt3 -7\n", b"utt1 0\r\nutt2\t5 6\nutt3 8 9")

_WORDS = (
    b"inf -inf nan -nan Inf NAN infinity 1e5 +1 .5 1. -.5 0x10 1e50 1e-50 1,5 1_0 -0 007 1-2 1e 1.2.3 a ] [ ; [] "
    b"2147483647 2147483648 -2147483649 99999999999 1e-46 3.4028236e38 \xc2\xa0 rows=1"
).split(b" ")
_GAPS = (
    b" ",
    b"\n",
    b"\r\n",
    b"\t",
    b"  ",
    b";",
    b"\r",
    b"\v",
    b"\f",
    b"",
    b"\n\n",
    b" \n ",
    b"\0",
    b"\xc2\xa0",
    b"\x85",
    b"\x1c",
)
_SIZES = (
    b"\4\0\0\0\0",
    b"\4\1\0\0\0",
    b"\4\xff\xff\xff\xff",
    b"\4\xff\xff\xff\x7f",
    b"\4\2\0\0\0",
    b"\1\2\0\0\0",
    b"\5\2\0\0\0",
    b"\4\3\0\0\0",
)
_TOKENS = (
    b"FM ",
    b"DM ",
    b"FV ",
    b"DV ",
    b"CM ",
    b"CM2 ",
    b"CM3 ",
    b"SM ",
    b"CM4 ",
    b"FM\n",
    b" FM ",
    b"FM",
    b"fm ",
    b"\4",
)
_LINES = (
    *(
        b"",
        b" ",
        b"utt9",
        b"utt9 ",
        b"utt9 x.ark",
        b"utt9 none.ark:5",
        b" utt9 x.ark:%d ",
        b"utt9\tx.ark:%d\r",
        b"utt9 x.ark:%d[0:0]",
    ),
    *(
        b"utt9 x.ark:%d[0:1,0:0]",
        b"utt9 x.ark:%d[:,1:1]",
        b"utt9 x.ark:%d[1:5]",
        b"utt9 x.ark:%d[3:5]",
        b"utt9 x.ark:%d[2:4]",
    ),
    *(
        b"utt9 x.ark:%d[0:9]",
        b"utt9 x.ark:%d[1:0]",
        b"utt9 x.ark:%d[]",
        b"utt9 x.ark:%d[0]",
        b"utt9 x.ark:%d[0:1,]",
        b"utt9 x.ark:%d[,0:1]",
    ),
    *(
        b"utt9 x.ark:%d[0:1][0:1]",
        b"utt9 x.ark:%d [0:1]",
        b"utt9 x.ark:%d[ 0:1 ]",
        b"utt9 x.ark:%d[00:01]",
        b"utt9 x.ark:%d[:]",
    ),
    *(
        b"utt9 x.ark:%d[+0:1]",
        b"utt9 x.ark:%d[0:1,0:2]",
        b"utt9 ./x.ark:%d",
        b"utt9 x.ark:0%d",
        b"utt9 x.ark:+%d",
        b"utt9 x.ark:99999",
    ),
    *(
        b"[ x.ark:%d",
        b"utt9 [0:1]",
        b"utt9 ark:x.ark",
        b"\xc2\xa0utt9 x.ark:%d",
        b"utt9 x.ark:%d\xc2\xa0",
        b"utt9 'x.ark:%d'",
        b"utt1 x.ark:%d",
    ),
    *(
        b"utt9 x.ark:%d[0:1,:]",
        b"utt9 x.ark:%d[:,:]",
        b"utt9 x.ark:%d[-1:1]",
        b"utt9 x.ark:%d[0:1:2]",
        b"utt9 x.ark:%d[ 0:1]",
    ),
)


@dataclass(frozen=True)
class ChangedTable:
    """An archive, perhaps with a script that points into it, and the program that reads it."""

    program: Program
    archive: bytes
    script: bytes | None
    change: str


def start_archives() -> list[tuple[Program, bytes]]:
    """Archives of every form, each with the program for it."""
    found: list[tuple[Program, bytes]] = []
    matrices: list[tuple[NDArray[Any], int | None]] = [
        (_MATRIX, None),
        (_MATRIX.astype(np.float64), None),
        *((_MATRIX, m) for m in (1, 2, 3, 5)),
    ]
    for matrix, method in matrices:
        data = b"".join(encode_array(matrix, compression_method=method))
        found.append(("copy-feats", b"utt1 " + data + b"utt2 " + data))
    for vector in (_MATRIX[0], _MATRIX[0].astype(np.float64), np.zeros(0, np.float32)):
        data = b"".join(encode_array(vector))
        found.append(("copy-vector", b"utt1 " + data + b"utt2 " + data))
    data = b"".join(encode_array(np.array([1, -2, 3], np.int32)))
    found.append(("copy-int-vector", b"utt1 " + data + b"utt2 \0B\4\0\0\0\0utt3 " + data))
    found += [("copy-feats", text) for text in _TEXT_FORMS]
    found += [("copy-vector", text) for text in _VECTOR_FORMS]
    found += [("copy-int-vector", text) for text in _INTEGER_FORMS]
    return found


def changed_table(seed: int, number: int) -> ChangedTable:
    """Table ``number`` of the row that begins with ``seed``."""
    random = np.random.default_rng((seed, number))
    starts = start_archives()
    program, archive = starts[int(random.integers(len(starts)))]
    how = str(random.choice(["words", "gaps", "sizes", "tokens", "bytes", "cut", "script", "script", "none"]))
    script = None
    for _ in range(int(random.integers(1, 3))):
        if how == "script":
            script = _changed_script(archive, random, script)
        else:
            archive = _changed_archive(archive, how, random)
    return ChangedTable(program, archive, script, how)


def _changed_archive(data: bytes, how: str, random: np.random.Generator) -> bytes:
    def one(pattern: bytes, words: tuple[bytes, ...] | list[bytes]) -> bytes:
        places = list(re.finditer(pattern, data, re.DOTALL))
        if not places:
            return data
        place = places[int(random.integers(len(places)))]
        return data[: place.start()] + words[int(random.integers(len(words)))] + data[place.end() :]

    if how == "words":
        return one(rb"(?<=[\s\[])[-.\w]+(?=[\s\]])", _WORDS)
    if how == "gaps":
        return one(rb"\s|(?<=\])|$", _GAPS)
    if how == "sizes":
        return one(rb"\x04.{4}", _SIZES)
    if how == "tokens":
        return one(rb"[FDC][MV]\d? |(?<=\0B)", _TOKENS)
    place = int(random.integers(len(data) + 1))
    if how == "cut":
        return data[:place]
    if how == "bytes":
        new = bytes(random.integers(0, 256, int(random.integers(0, 3)), np.uint8))
        return data[:place] + new + data[place + int(random.integers(0, 3)) :]
    return data


def _changed_script(archive: bytes, random: np.random.Generator, script: bytes | None) -> bytes:
    places = [match.end() for match in re.finditer(rb"utt\d[ \t]", archive)]
    lines = (script or b"".join(b"utt%d x.ark:%d\n" % pair for pair in enumerate(places, 1))).split(b"\n")
    line = _LINES[int(random.integers(len(_LINES)))]
    if b"%d" in line:
        line = line.replace(b"%d", b"%d" % places[int(random.integers(len(places)))])
    lines.insert(int(random.integers(len(lines))), line)
    return b"\n".join(lines)


@dataclass(frozen=True)
class TableJudgement:
    """The verdict, and what the side that refuses says; both tables where both read one."""

    verdict: str
    said: str = ""


def judge_table(table: ChangedTable, kaldi: Path, folder: Path) -> TableJudgement:
    """Kaldi's copy of the table beside ours; both read from ``folder``."""
    (folder / "x.ark").write_bytes(table.archive)
    (folder / "x.scp").write_bytes(table.script or b"")
    specifier = "ark:x.ark" if table.script is None else "scp:x.scp"
    (folder / "out.ark").unlink(missing_ok=True)
    command = [str((kaldi / table.program).resolve()), specifier, "ark:out.ark"]
    run = subprocess.run(command, check=False, cwd=folder, capture_output=True, timeout=60, preexec_fn=_limit_memory)
    before = Path.cwd()
    os.chdir(folder)  # paths in scripts are relative
    try:
        ours: Table | None = list(_read_ours(specifier, table.program))
        said = ""
    except OvAsrScoreError as error:
        ours, said = None, str(error)
    finally:
        os.chdir(before)
    theirs: Table | None = None
    # It ends with 1 for an empty table, which it reads.
    if run.returncode == 0 or (run.returncode == 1 and not ours and b"ERROR" not in run.stderr):
        out = folder / "out.ark"
        try:
            theirs = list(read_table(f"ark:{out}")) if out.exists() else []
        except OvAsrScoreError as error:  # it writes what it takes for a key
            return TableJudgement("both refuse" if ours is None else "different", f"Kaldi's copy: {error}")
    if theirs is None:
        lines = [line for line in run.stderr.decode("latin-1").splitlines() if "ERROR" in line or "WARN" in line]
        said = said if ours is None else (lines or ["?"])[0]
        return TableJudgement("both refuse" if ours is None else "only Kaldi refuses", said)
    if ours is None:
        dropped = _drops_the_rest(table, run.stderr, said)
        return TableJudgement("Kaldi drops the rest" if dropped else "only ours refuses", said)
    # Without fused multiply-add the last bit of compressed values is another one.
    rounding = 1e-6 if b"\0BCM" in table.archive else 0.0
    return TableJudgement("equal") if _same(ours, theirs, rounding) else TableJudgement("different", f"{ours} {theirs}")


def _drops_the_rest(table: ChangedTable, stderr: bytes, said: str) -> bool:
    """Whether Kaldi took a bad line of a script, or a key without an object, for the end, and says that all is well."""
    if table.script is not None and (b"invalid line in the scp file" in stderr or b"cannot make sense" in stderr):
        return True
    return not table.archive[-1:].isspace() and bool(re.search("after the key|the key of an utterance", said))


def _read_ours(specifier: str, program: Program) -> Iterator[tuple[str, NDArray[Any]]]:
    """Our table; an object of another kind than the program takes is refused, as there."""
    for key, array in read_table(specifier, wants_matrices=program == "copy-feats"):
        kind = "copy-feats" if array.ndim == 2 else "copy-int-vector" if array.dtype == np.int32 else "copy-vector"
        if kind != program and not (program == "copy-vector" and array.size == 0):
            raise OvAsrScoreError(f"another kind: {kind}")
        with np.errstate(over="ignore"):
            yield key, array if kind == "copy-int-vector" else array.astype(np.float32)


def _same(ours: Table, theirs: Table, rounding: float) -> bool:
    return len(ours) == len(theirs) and all(
        key == other_key and _equal(array, other, rounding)
        for (key, array), (other_key, other) in zip(ours, theirs, strict=True)
    )


def _equal(array: NDArray[Any], other: NDArray[Any], rounding: float) -> bool:
    if array.size == other.size == 0:
        return True
    if array.dtype == np.int32:
        return np.array_equal(array, other)
    return array.shape == other.shape and np.allclose(array, other, rtol=rounding, atol=rounding, equal_nan=True)


def _limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))


def count_verdicts(
    kaldi: Path, seed: int, count: int, *, show: int = 0
) -> tuple[Counter[str], Mapping[str, Counter[str]]]:
    """Verdicts of ``count`` tables, and by verdict what was said; ``show`` tables of each saying are printed."""
    verdicts: Counter[str] = Counter()
    said: dict[str, Counter[str]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for number in range(count):
            table = changed_table(seed, number)
            found = judge_table(table, kaldi, Path(temporary))
            verdicts[found.verdict] += 1
            if found.verdict in ("equal", "both refuse"):
                continue
            general = re.sub(r"\(.*?\[.*?\]:|'[^']*'|\d+|\"[^\"]*\"", "*", found.said)[:150]
            seen = said.setdefault(found.verdict, Counter())
            seen[general] += 1
            if seen[general] <= show:
                print(f"{number}: {found.verdict}: {found.said[:300]}\n    {table}")
    return verdicts, said


def main() -> None:
    """Judge, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.kaldi_judge.tables", description=__doc__)
    parser.add_argument("--kaldi", type=Path, required=True, help="the folder with Kaldi's programs")
    parser.add_argument("--tables", type=int, default=1000, help="how many changed tables")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=0, help="how many tables to print of each difference")
    arguments = parser.parse_args()
    logging.getLogger("ov_asr_score").addHandler(logging.StreamHandler(io.StringIO()))
    verdicts, said = count_verdicts(arguments.kaldi, arguments.seed, arguments.tables, show=arguments.show)
    for verdict in VERDICTS:
        print(f"{verdict:20} {verdicts[verdict]:6}")
    for verdict, messages in said.items():
        for message, count in messages.most_common():
            print(f"{count:5} {verdict}: {message}")


if __name__ == "__main__":
    main()
