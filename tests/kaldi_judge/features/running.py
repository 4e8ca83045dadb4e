"""One case after the other: what Kaldi's programs and our command make of it, utterance by utterance."""

from __future__ import annotations

import contextlib
import os
import resource
import shlex
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.kaldi_io import read_table
from tests.command_line import Outcome, run

Table = Mapping[str, NDArray[np.float32]]
Verdict = Literal["equal", "near", "both refuse", "Kaldi ended", "only we", "only Kaldi", "differ", "fault"]
VERDICTS: tuple[Verdict, ...] = (
    *("equal", "near", "both refuse", "Kaldi ended", "only we", "only Kaldi", "differ", "fault"),
)
"""``near``: as near as the same side is to itself after a change that means nothing; ``Kaldi ended``: at another
utterance of the same list, which both refuse; ``fault``: a traceback, a wrong exit code, more than a line for an error,
half an output."""

_SECONDS, _MEMORY = 60, 4 << 30
_LINES = ("error: ", "warning: ", "note: ", "wrote ", "skipped: ")


@dataclass(frozen=True, slots=True)
class Case:
    """Commands of Kaldi, one after the other, and our command; each runs in its own folder below ``folder``.

    Both write ``out.ark``. ``keys`` are the utterances. ``absolute`` and ``relative`` are the differences that count as
    none; ``unsettle`` changes the input of ours by nothing that matters, to tell how much that changes.
    """

    kind: str
    folder: Path
    kaldi: Sequence[Sequence[str]]
    ours: Sequence[str]
    keys: Sequence[str]
    absolute: float
    relative: float
    text: str = ""
    unsettle: Callable[[int], None] | None = None
    rare: tuple[float, float] = (0.0, 0.0)  # the part of the values that may differ, and by how much
    other_kernels: bool = False  # whether Kaldi's numbers depend on its BLAS
    files: Sequence[str] = field(default=())  # text files that must be the same, too


@dataclass(frozen=True, slots=True)
class KaldiResult:
    """What Kaldi wrote before it ended, the exit code, and its errors and warnings."""

    table: Table
    code: int
    said: tuple[str, ...]


def run_kaldi(case: Case, programs: Path, *, kernels: str = "Cooperlake") -> KaldiResult:
    """The result of the commands; what comes after one that fails is not run. ``kernels`` are those of OpenBLAS."""
    folder = case.folder / "kaldi"
    environment = {
        **{"PATH": f"{programs}:/usr/bin:/bin", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        "OPENBLAS_CORETYPE": kernels,
    }
    said: list[str] = []
    code = 0
    (folder / "out.ark").unlink(missing_ok=True)
    for number, command in enumerate(case.kaldi):
        words = [str((programs / command[0]).resolve()), "--print-args=false", *command[1:]]
        try:
            done = subprocess.run(
                words,
                check=False,
                cwd=folder,
                env=environment,
                capture_output=True,
                timeout=_SECONDS,
                preexec_fn=_limits,
            )
        except subprocess.TimeoutExpired:
            return KaldiResult({}, -1, ("no end",))
        lines = done.stderr.decode("utf-8", "replace").splitlines()
        said += [line for line in lines if line.startswith(("ERROR", "WARNING", "ASSERTION_FAILED"))]
        code = done.returncode
        if code and (code != 1 or number < len(case.kaldi) - 1):
            break
    return KaldiResult(dict(_written(folder / "out.ark")), code, tuple(said))


def _limits() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _written(path: Path) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """What is whole in an archive that may be cut."""
    if not path.exists():
        return
    with contextlib.suppress(OvAsrScoreError):
        for key, value in read_table(f"ark:{path}", wants_matrices=True):
            yield key, np.array(value)


@contextlib.contextmanager
def _in_folder(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def run_ours(case: Case, *more: str) -> tuple[Table, Outcome]:
    """The table that our command writes, and what it did. AssertionError for a traceback."""
    folder = case.folder / "ours"
    (folder / "out.ark").unlink(missing_ok=True)
    with _in_folder(folder):
        outcome = run(*case.ours, *more)
    return dict(_written(folder / "out.ark")), outcome


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict on an utterance, or on a whole case, and what is to be said about it."""

    verdict: Verdict
    key: str = ""
    text: str = ""


def judge(case: Case, programs: Path) -> list[Finding]:
    """A finding per utterance, and one for each fault of ours."""
    theirs = run_kaldi(case, programs)
    try:
        ours, outcome = run_ours(case, "--on-error", "skip")
        _, strict = run_ours(case)
    except AssertionError as error:
        return [Finding("fault", text=str(error)[-400:])]
    except Exception as error:  # whatever it is, it is what the judge looks for
        return [Finding("fault", text=f"{type(error).__name__}: {error}")]
    found = [Finding("fault", text=text) for text in _faults(case, theirs.table, ours, outcome, strict)]
    for key in case.keys:
        if key in theirs.table and key in ours:
            difference = differs(case, theirs.table[key], ours[key])
            verdict: Verdict = "differ" if difference else "equal"
            if difference and _is_near(case, programs, key, theirs.table, ours):
                verdict = "near"
            found.append(Finding(verdict, key, difference))
        elif key in theirs.table:
            found.append(Finding("only Kaldi", key, _line_about(key, outcome.stderr)))
        elif key in ours:
            ended = theirs.code != 0 and any(each not in ours and each not in theirs.table for each in case.keys)
            said = theirs.said[-1] if theirs.said else f"exit code {theirs.code}"
            found.append(Finding("Kaldi ended" if ended else "only we", key, said))
        else:
            found.append(Finding("both refuse", key, _line_about(key, outcome.stderr)))
    for name in case.files:
        texts = [
            sorted((case.folder / side / name).read_text().splitlines()) if (case.folder / side / name).exists() else []
            for side in ("kaldi", "ours")
        ]
        if texts[0] != texts[1] and theirs.table.keys() == ours.keys():
            found.append(Finding("differ", name, f"{texts[0][:3]} from Kaldi, {texts[1][:3]} from us"))
    return found


def _line_about(key: str, stderr: str) -> str:
    lines = stderr.splitlines()
    return next((line for line in lines if f"'{key}'" in line or key in line), lines[-1] if lines else "")


def _faults(case: Case, theirs: Table, ours: Table, outcome: Outcome, strict: Outcome) -> Iterator[str]:
    """What our command must not do, with ``--on-error skip`` and without."""
    for found in (outcome, strict):
        lines = found.stderr.splitlines()
        if found.code == 2 and found.stderr.startswith("Usage: "):  # a value that the option cannot have
            continue
        others = [line for line in lines if not line.startswith(_LINES)]
        if others:
            yield f"a line on standard error: {others[0]}"
        if sum(line.startswith("error: ") for line in lines) > 1:
            yield f"more than one line: {lines}"
    if strict.code not in (0, 1, 2, 3):
        yield f"exit code {strict.code}"
    if outcome.code == 0 and ours.keys() != set(case.keys) and ours.keys() != theirs.keys():
        yield f"exit code 0 with {len(ours)} of {len(case.keys)} utterances"
    if (strict.code == 0) != (outcome.code == 0):
        yield f"exit code {strict.code}, with --on-error skip {outcome.code}: {strict.stderr[-200:]}"
    if strict.code > 1 and (case.folder / "ours" / "out.ark").exists():
        yield f"an output is left: {strict.stderr[-200:]}"
    said = strict.stderr.startswith("Usage: ") or any(line.startswith("error: ") for line in strict.stderr.splitlines())
    if strict.code > 1 and not said:
        yield f"exit code {strict.code} without an error"


def differs(case: Case, expected: NDArray[np.float32], found: NDArray[np.float32]) -> str:
    """How a matrix differs from Kaldi's; empty if it does not."""
    if not len(expected) and not len(found):
        return ""
    if expected.shape != found.shape:
        return f"shape {list(expected.shape)} from Kaldi, {list(found.shape)} from us"
    finite = np.isfinite(expected)
    if not np.array_equal(np.where(finite, 0, expected), np.where(np.isfinite(found), 0, found), equal_nan=True):
        place = np.argwhere(
            ~((expected == found) | (np.isnan(expected) & np.isnan(found)) | (finite & np.isfinite(found)))
        )
        at = tuple(map(int, place[0]))
        return f"NaN or infinity in other places: {len(place)}, {expected[at]} from Kaldi, {found[at]} from us"
    error = np.zeros(expected.shape)
    error[finite] = np.abs(found[finite].astype(np.float64) - expected[finite])
    with np.errstate(invalid="ignore"):
        allowed = case.absolute + case.relative * np.where(finite, np.abs(expected), 0)
    beyond = error > allowed
    part, most = case.rare
    if not beyond.any() or (beyond.mean() <= part and error.max() <= most):
        return ""
    at = tuple(map(int, np.unravel_index(int(np.argmax(error - allowed)), error.shape)))
    part = float(beyond.mean())
    return f"{list(at)}: {expected[at]:.7g} from Kaldi, {found[at]:.7g} from us ({part:.1%} of the values)"


def _is_near(case: Case, programs: Path, key: str, theirs: Table, ours: Table) -> bool:
    """Whether a change that means nothing changes the numbers of the same side as much."""
    expected = theirs[key]
    if expected.shape != ours[key].shape:
        return False
    spread = np.zeros(expected.shape)
    widest_of_all = 0.0

    def widen(table: Table, base: Table) -> None:
        nonlocal widest_of_all
        for each, values in table.items():
            if each in base and values.shape == base[each].shape and len(values):
                with np.errstate(invalid="ignore"):
                    change = np.abs(values.astype(np.float64) - base[each])
                widest_of_all = max(widest_of_all, float(np.nanmax(change, initial=0)))
                if each == key:
                    np.fmax(spread, change, out=spread)

    if case.other_kernels:
        for name in ("Haswell", "Nehalem", "Sandybridge", "Prescott"):
            widen(run_kaldi(case, programs, kernels=name).table, theirs)
    if case.unsettle is not None:
        for seed in range(3):
            case.unsettle(seed)
            widen(run_ours(case, "--on-error", "skip")[0], ours)
    found = ours[key]
    with np.errstate(invalid="ignore"):
        error = np.abs(expected.astype(np.float64) - found)
        # a row, because what is near nothing in one column is so in its neighbours; what is left of earlier utterances
        # moves all i-vectors of a speaker
        widest = widest_of_all if case.kind == "ivectors" else spread.max(axis=1, keepdims=True)
        allowed = 10 * widest + case.absolute + case.relative * np.abs(expected)
        return bool(np.all(np.isnan(error) | (error <= allowed)))


def shown(case: Case) -> str:
    """The commands as text, to repeat them by hand."""
    lines = [f"# {case.kind}: {case.text}", *(shlex.join(command) for command in case.kaldi), shlex.join(case.ours)]
    return "\n".join(lines) + "\n"
