"""What a program made of a model: scores, or the reason why it gave none."""

from __future__ import annotations

import resource
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.scoring.model_loading import configure_model, load_model
from ov_asr_score.scoring.scorer import prepare_scorer
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.scoring.utterances.joining import JoinOptions, read_utterances
from tests.golden.test_cases import Run, as_run
from tests.golden.test_nnet1_cases import as_options

Scores: TypeAlias = Mapping[str, NDArray[Any]]

_SECONDS = 30
_MEMORY = 4 << 30


@dataclass(frozen=True, slots=True)
class Refusal:
    """No scores: the message, and whether the program crashed (a signal that is no failed assertion, a traceback)."""

    message: str
    crashed: bool = False


Outcome: TypeAlias = "Scores | Refusal"


def kaldi_outcome(
    programs: Path, program: str, options: tuple[str, ...], model: str, folder: Path, *, other_memory: bool = False
) -> Outcome:
    """What ``program options model ark:input.ark ark:output.ark`` gives in ``folder``, all or nothing.

    With ``other_memory``, memory that the program does not set begins with other values: scores that differ then depend
    on it.
    """
    output = folder / "kaldi.ark"
    output.unlink(missing_ok=True)
    command = [
        *(str(programs / program), "--print-args=false", *options, model, "ark:input.ark", f"ark:{output.name}"),
    ]
    environment = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"}
    if other_memory:
        environment["GLIBC_TUNABLES"] = "glibc.malloc.tcache_count=0:glibc.malloc.perturb=170"
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            check=False,
            timeout=_SECONDS,
            preexec_fn=_limits,
        )
    except subprocess.TimeoutExpired:
        return Refusal("no end", crashed=True)
    text = done.stderr.decode("utf-8", "replace")
    if done.returncode:
        crashed = done.returncode < 0 and done.returncode != -signal.SIGABRT
        return Refusal(_reason(text) or f"exit code {done.returncode}", crashed)
    try:
        return {key: np.atleast_2d(np.array(value)) for key, value in read_table(f"ark:{output}")}
    except OvAsrScoreError as error:
        return Refusal(f"output that cannot be read: {error}")


def _limits() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _reason(text: str) -> str:
    """The line with the error or the failed assertion."""
    lines = [line for line in text.splitlines() if line.startswith(("ERROR", "ASSERTION_FAILED")) or "what():" in line]
    return (lines or text.splitlines() or [""])[0][:400]


def our_outcome(
    generation: str, case: Mapping[str, Any], options: tuple[str, ...], model: str, folder: Path
) -> Outcome:
    """What this package gives for the same command."""
    try:
        run = _run(generation, dict(case), list(options), folder)
        # nnet1 alone checks that weights are finite (Nnet::Check, nnet/nnet-nnet.cc). Of nnet3 they are refused, as
        # docs/kaldi-models.md says.
        scorer_options = ScorerOptions(
            model=str(folder / model), kaldi=run.options, allow_nonfinite=generation == "nnet2"
        )
        opened = configure_model(load_model(scorer_options), scorer_options)
        utterances = list(read_utterances(run.tables, JoinOptions()))
        scorer = prepare_scorer(opened, scorer_options, utterances[0])
        return {result.key: np.atleast_2d(next(iter(result.scores.values()))) for result in scorer.score(utterances)}
    except OvAsrScoreError as error:
        return Refusal(f"{type(error).__name__}: {error}".replace(f"{folder}/", ""))
    except Exception as error:  # whatever it is, it is what the judge looks for
        return Refusal(f"{type(error).__name__}: {error}", crashed=True)


def _run(generation: str, case: dict[str, Any], options: list[str], folder: Path) -> Run:
    run = as_run(folder, case, options if generation != "nnet1" else [])
    return Run(as_options(folder, options), run.tables) if generation == "nnet1" else run
